//! As much DER as it takes to find a certificate's signature algorithm and common name, and the numbers of a public key.

/// Elements that follow one another.
pub(super) struct Elements<'d>(pub(super) &'d [u8]);

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OBJECT: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// The first element with a number in place of a name.
pub(super) const FIRST: u8 = 0xa0;

impl<'d> Elements<'d> {
    /// Takes the next element, if it has this tag.
    pub(super) fn next(&mut self, tag: u8) -> Option<&'d [u8]> {
        self.any().and_then(|(found, content)| (found == tag).then_some(content))
    }

    /// Takes the next element.
    pub(super) fn any(&mut self) -> Option<(u8, &'d [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // The number of bytes that hold the length; certificates have no more than three.
            0x81..=0x83 => {
                let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// Takes the next element, if it has this tag, for what is in it.
    pub(super) fn inside(&mut self, tag: u8) -> Option<Self> {
        self.next(tag).map(Self)
    }
}
