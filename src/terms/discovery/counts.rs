//! Counting in bounded memory.

/// The commonest neighbours of a phrase, by hash.
#[derive(Default)]
pub(super) struct Neighbours([(u32, u32); 3]);

impl Neighbours {
    pub(super) fn add(&mut self, neighbour: u32) {
        if let Some(known) = self
            .0
            .iter_mut()
            .find(|known| known.0 == neighbour && known.1 > 0)
        {
            known.1 += 1;
        } else if let Some(rarest) = self.0.iter_mut().min_by_key(|known| known.1) {
            // The "frequent" algorithm of Misra and Gries on three places.
            if rarest.1 == 0 {
                *rarest = (neighbour, 1);
            } else {
                self.0.iter_mut().for_each(|known| known.1 -= 1);
            }
        }
    }

    pub(super) fn most(&self) -> u32 {
        self.0.iter().map(|known| known.1).max().unwrap_or(0)
    }
}

/// Counts of all phrases of customer turns in fixed space; never too low
/// (Cormode and Muthukrishnan 2005).
pub(super) struct Sketch(Vec<u32>);

impl Sketch {
    const WIDTH: usize = 1 << 19;

    pub(super) fn new() -> Self {
        Self(vec![0; 2 * Self::WIDTH])
    }

    fn places(hash: u64) -> [usize; 2] {
        [
            hash as usize % Self::WIDTH,
            Self::WIDTH + (hash >> 32) as usize % Self::WIDTH,
        ]
    }

    pub(super) fn add(&mut self, hash: u64) {
        for place in Self::places(hash) {
            self.0[place] = self.0[place].saturating_add(1);
        }
    }

    pub(super) fn count(&self, hash: u64) -> u32 {
        Self::places(hash)
            .into_iter()
            .map(|place| self.0[place])
            .min()
            .unwrap_or(0)
    }
}
