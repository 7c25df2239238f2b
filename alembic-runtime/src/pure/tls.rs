//! TLS with rustls: how much of a server's certificate is checked, and against what.

use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::Arc,
};

use rustls::{
    CertificateError::{Expired, ExpiredContext, NotValidForNameContext, NotValidYet, NotValidYetContext},
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{CryptoProvider, ring::default_provider},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};

use super::der::{Elements, FIRST, INTEGER, OBJECT, SEQUENCE, SET};

/// How much of a certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verify {
    /// Nothing: the connection is encrypted, and the peer may be anybody.
    Nothing,
    /// That an authority we trust has signed it.
    Authority,
    /// And that it is for this host.
    Host,
}

/// Files of a TLS configuration.
#[derive(Debug, Clone, Default)]
pub(super) struct Files {
    /// Authorities; none or `system` means the system's.
    pub(super) roots: Option<String>,
    /// Our certificate.
    pub(super) certificate: Option<String>,
    /// Its key.
    pub(super) key: Option<String>,
}

/// Returns whether what is sent to an address stays on this machine.
pub(super) fn stays_here(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Builds a TLS configuration.
pub(super) fn config(verify: Verify, files: &Files) -> Result<ClientConfig, String> {
    let provider = Arc::new(default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let trusted = match verify {
        Verify::Nothing => None,
        Verify::Authority | Verify::Host => Some(Trusted::read(files.roots.as_deref())?),
    };
    let verifier = Verifier { provider, trusted, checks_host: verify == Verify::Host };
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    match (&files.certificate, &files.key) {
        (Some(certificate), Some(key)) => {
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("could not read `{key}`: {error}"))?;
            builder.with_client_auth_cert(certificates(certificate)?, key).map_err(|error| error.to_string())
        }
        (None, None) => Ok(builder.with_no_client_auth()),
        _ => Err("a client certificate needs both its file and its key".to_owned()),
    }
}

fn certificates(file: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_file_iter(Path::new(file))
        .and_then(Iterator::collect)
        .map_err(|error| format!("could not read `{file}`: {error}"))
}

/// What certificates are checked against.
#[derive(Debug)]
struct Trusted {
    authorities: RootCertStore,
    /// The same, as they are in the file.
    certificates: Vec<CertificateDer<'static>>,
}

impl Trusted {
    fn read(file: Option<&str>) -> Result<Self, String> {
        let certificates = match file {
            Some(file) if file != "system" => certificates(file)?,
            _ => rustls_native_certs::load_native_certs().certs,
        };
        let mut authorities = RootCertStore::empty();
        authorities.add_parsable_certificates(certificates.iter().cloned());
        if authorities.is_empty() {
            return Err("no certificate authority was found".to_owned());
        }
        Ok(Self { authorities, certificates })
    }
}

/// Checks signatures, and as much of the certificate as is asked for.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// Nothing of the certificate is checked without.
    trusted: Option<Trusted>,
    checks_host: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(Trusted { authorities, certificates }) = &self.trusted else {
            return Ok(ServerCertVerified::assertion());
        };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        let signed =
            verify_server_cert_signed_by_trust_anchor(&certificate, authorities, intermediates, now, algorithms);
        match signed {
            // Who trusts this very certificate asks nobody else. Its time is checked before who has signed it.
            Err(error) if certificates.contains(end_entity) && !is_out_of_date(&error) => {}
            other => other?,
        }
        if self.checks_host {
            verify_host(&certificate, end_entity, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Checks the host: by the common name where there is no alternative one, as the databases' own clients do.
fn verify_host(certificate: &ParsedCertificate<'_>, der: &[u8], host: &ServerName<'_>) -> Result<(), Error> {
    let verified = verify_server_name(certificate, host);
    match &verified {
        Err(Error::InvalidCertificate(NotValidForNameContext { presented, .. }))
            if presented.is_empty()
                && common_name(der).is_some_and(|name| name.eq_ignore_ascii_case(host.to_str().as_bytes())) =>
        {
            Ok(())
        }
        _ => verified,
    }
}

/// Returns the last common name of a certificate's subject.
fn common_name(certificate: &[u8]) -> Option<&[u8]> {
    const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
    let mut parts = Elements(certificate).inside(SEQUENCE)?.inside(SEQUENCE)?;
    // Version, number, algorithm, issuer and validity come first.
    for tag in [FIRST, INTEGER, SEQUENCE, SEQUENCE, SEQUENCE] {
        parts.next(tag)?;
    }
    let mut subject = parts.inside(SEQUENCE)?;
    let mut found = None;
    while let Some(mut names) = subject.inside(SET) {
        while let Some(mut name) = names.inside(SEQUENCE) {
            if name.next(OBJECT)? == COMMON_NAME {
                found = name.any().map(|(_, text)| text);
            }
        }
    }
    found
}

fn is_out_of_date(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. })
    )
}

/// Looks a host up. An error does not name it: where a URL is misread, its password may be a part of the name.
pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let found = tokio::net::lookup_host((host, port)).await;
    found.map(Iterator::collect).map_err(|error| format!("error connecting to server: {error}"))
}

#[cfg(test)]
mod tests {
    use super::stays_here;

    #[test]
    fn what_is_sent_to_this_machine_stays_here() {
        for (address, stays) in [
            ("127.0.0.1", true),
            ("127.8.9.10", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("0.0.0.0", false),
            ("::", false),
            ("10.0.0.1", false),
            ("192.168.1.2", false),
            ("169.254.1.1", false),
            ("::ffff:10.0.0.1", false),
            ("::127.0.0.1", false),
            ("fe80::1", false),
        ] {
            assert_eq!(stays_here(address.parse().unwrap()), stays, "{address}");
        }
    }
}
