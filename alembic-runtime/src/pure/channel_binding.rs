//! What ties a password's proof to a server's certificate: `tls-server-end-point` of RFC 5929.

use sha2::{Digest, Sha256, Sha384, Sha512};

use super::der::{Elements, FIRST, OBJECT, SEQUENCE};

/// The arc of RSA's signature algorithms, and that of PSS, whose hash is a parameter.
const RSA: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
const RSA_PSS: u8 = 10;
/// The arc of ECDSA's with SHA-2, and ECDSA with SHA-1.
const ECDSA: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
const ECDSA_SHA1: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];
/// The arc of SHA-2, and SHA-1.
const SHA2: [u8; 8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
const SHA1: [u8; 5] = [0x2b, 0x0e, 0x03, 0x02, 0x1a];

enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// Hashes a certificate by the algorithm that its signature uses, as the server does; nothing where none is defined
/// (Ed25519, for one).
pub(super) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    Some(match hash(certificate)? {
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

/// MD5 and SHA-1 count as SHA-256.
fn hash(certificate: &[u8]) -> Option<Hash> {
    let mut parts = Elements(certificate).inside(SEQUENCE)?;
    parts.next(SEQUENCE)?;
    let mut algorithm = parts.inside(SEQUENCE)?;
    let name = algorithm.next(OBJECT)?;
    match name.split_last()? {
        (4 | 5 | 11, arc) if arc == RSA => Some(Hash::Sha256),
        (12, arc) if arc == RSA => Some(Hash::Sha384),
        (13, arc) if arc == RSA => Some(Hash::Sha512),
        (&RSA_PSS, arc) if arc == RSA => hash_of_pss(algorithm),
        (2, arc) if arc == ECDSA => Some(Hash::Sha256),
        (3, arc) if arc == ECDSA => Some(Hash::Sha384),
        (4, arc) if arc == ECDSA => Some(Hash::Sha512),
        _ if name == ECDSA_SHA1 => Some(Hash::Sha256),
        _ => None,
    }
}

fn hash_of_pss(mut algorithm: Elements<'_>) -> Option<Hash> {
    let mut parameters = algorithm.inside(SEQUENCE)?;
    let Some(mut hash) = parameters.inside(FIRST) else { return Some(Hash::Sha256) };
    let name = hash.inside(SEQUENCE)?.next(OBJECT)?;
    match name.split_last()? {
        _ if name == SHA1 => Some(Hash::Sha256),
        (1, arc) if arc == SHA2 => Some(Hash::Sha256),
        (2, arc) if arc == SHA2 => Some(Hash::Sha384),
        (3, arc) if arc == SHA2 => Some(Hash::Sha512),
        _ => None,
    }
}
