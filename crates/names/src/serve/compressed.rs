//! A message being written, its names compressed by pointers to those before them (RFC 1035, section 4.1.4).
//!
//! The names of an answer are few: their places stand in a short list that is searched from its beginning, where the
//! question is. Failure policy: a name that has left the list is written again.

use std::convert::Infallible;

use domain::base::name::{Label, ToName};
use domain::base::wire::{Compose, Composer};
use domain::dep::octseq::builder::{OctetsBuilder, Truncate};

/// Most names that are pointed to.
const NAMES: usize = 64;
/// Of those, the first that stay whatever comes; the others give way to newer ones.
const STAY: usize = NAMES / 2;
/// What a pointer can reach.
const REACH: u16 = 0x4000;
/// Where no answer but the rare is larger.
const USUAL: usize = 512;

/// Bytes, and where names stand in them.
#[derive(Debug, Clone)]
pub(super) struct Compressed {
    bytes: Vec<u8>,
    /// Each with the length of the name, so that few are looked at: names can be made to differ in their last label alone.
    /// The place is nought where there is none: a message begins with its header.
    places: [(u16, u16); NAMES],
    /// How many are in use.
    count: usize,
    /// Where the next is put.
    next: usize,
}

impl Default for Compressed {
    fn default() -> Self {
        Self { bytes: Vec::with_capacity(USUAL), places: [(0, 0); NAMES], count: 0, next: 0 }
    }
}

impl Compressed {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Where a name with these labels, so long in all, stands already.
    fn find<'n>(&self, length: u16, labels: &(impl Iterator<Item = &'n Label> + Clone)) -> Option<u16> {
        let known = self.places.iter().take(self.count).filter(|known| known.0 > 0 && known.1 == length);
        let stands = |place: u16| labels.clone().eq(Label::iter_slice(&self.bytes, place.into()));
        known.map(|(place, _)| *place).find(|place| stands(*place))
    }

    /// A name of this length begins at the end.
    fn note(&mut self, length: u16) {
        let here = u16::try_from(self.bytes.len()).ok().filter(|here| *here < REACH);
        if let (Some(here), Some(place)) = (here, self.places.get_mut(self.next)) {
            *place = (here, length);
            self.count = self.count.max(self.next + 1);
            self.next = if self.next + 1 < NAMES { self.next + 1 } else { STAY };
        }
    }
}

impl AsRef<[u8]> for Compressed {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsMut<[u8]> for Compressed {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl OctetsBuilder for Compressed {
    type AppendError = Infallible;

    fn append_slice(&mut self, slice: &[u8]) -> Result<(), Infallible> {
        self.bytes.extend_from_slice(slice);
        Ok(())
    }
}

impl Truncate for Compressed {
    fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
        // What stood there is gone; what a newer name has taken the place of is not had again.
        self.places
            .iter_mut()
            .filter(|known| usize::from(known.0) >= length)
            .for_each(|known| *known = (0, 0));
    }
}

impl Composer for Compressed {
    fn append_compressed_name<N: ToName + ?Sized>(&mut self, name: &N) -> Result<(), Infallible> {
        let mut labels = name.iter_labels();
        let mut length = name.compose_len();
        loop {
            let rest = labels.clone();
            let Some(label) = labels.next().filter(|label| !label.is_root()) else {
                return Label::root().compose(self);
            };
            if let Some(place) = self.find(length, &rest) {
                return (place | 0xC000).compose(self);
            }
            self.note(length);
            length = length.saturating_sub(label.compose_len());
            label.compose(self)?;
        }
    }

    fn can_compress(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use domain::base::MessageBuilder;
    use domain::base::Rtype;
    use domain::base::name::ToLabelIter;

    use super::*;
    use crate::name::Name;

    fn written(names: &[String]) -> (Vec<Name>, Vec<u8>) {
        let names: Vec<Name> = names.iter().map(|name| crate::name::parse(name).unwrap()).collect();
        let mut builder = MessageBuilder::from_target(Compressed::default()).unwrap().question();
        for name in &names {
            builder.push((name, Rtype::A)).unwrap();
        }
        (names, builder.finish().into_bytes())
    }

    #[test]
    fn whatever_leaves_the_list_is_read_as_it_was_written() {
        let some = (0..2_000).map(|at| format!("h{}.{}.Shop.example", at * 7 % 90, at % 5));
        let (names, bytes) = written(&some.collect::<Vec<_>>());
        let message = domain::base::Message::from_octets(&bytes).unwrap();
        let read: Vec<Name> = message.question().map(|asked| asked.unwrap().qname().to_name()).collect();
        assert!(bytes.len() > usize::from(REACH), "pointers do not reach all of it");
        assert!(read.iter().zip(&names).all(|(read, name)| read.iter_labels().eq(name.iter_labels())));
        assert_eq!(read.len(), names.len());
    }

    #[test]
    fn a_name_is_written_once() {
        let (_, bytes) =
            written(&["www.shop.example".into(), "WWW.shop.example".into(), "ftp.shop.example".into()]);
        assert_eq!(bytes.len(), 12 + (18 + 4) + (2 + 4) + (4 + 2 + 4));
    }

    #[test]
    fn what_was_taken_back_is_not_pointed_to() {
        let name = crate::name::parse("www.shop.example").unwrap();
        let mut target = Compressed::default();
        target.append_slice(&[0; 12]).unwrap();
        for _ in 0..3 {
            target.append_compressed_name(&name).unwrap();
            assert_eq!(target.as_ref().len(), 12 + 18);
            target.truncate(12);
            assert!(target.places.iter().all(|known| known.0 < 12));
        }
    }
}
