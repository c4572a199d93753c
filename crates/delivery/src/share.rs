//! How many connections a destination gets at once.

/// Connections to a destination of which nothing is known.
const FIRST: usize = 5;
/// Connections to one destination at most. What large hosts bear from one sender.
const MOST: usize = 20;

/// The share of one destination: it grows while all goes well, and shrinks when it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    limit: usize,
    used: usize,
}

impl Share {
    pub(crate) fn new() -> Share {
        Share {
            limit: FIRST,
            used: 0,
        }
    }

    /// Takes one connection, if there is one to be had.
    pub(crate) fn take(&mut self) -> bool {
        let free = self.used < self.limit;
        self.used += usize::from(free);
        free
    }

    /// Gives one back, and tells how it went: nothing is learned where nothing was tried.
    pub(crate) fn give_back(&mut self, went_well: Option<bool>) {
        self.used = self.used.saturating_sub(1);
        self.limit = match went_well {
            Some(true) => (self.limit + 1).min(MOST),
            Some(false) => (self.limit / 2).max(1),
            None => self.limit,
        };
    }

    /// Whether there is nothing to be remembered.
    pub(crate) fn is_idle(self) -> bool {
        self.used == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_and_shrinks_within_its_bounds() {
        let mut share = Share::new();
        let take_all = |share: &mut Share| (0..100).filter(|_| share.take()).count();
        assert_eq!(take_all(&mut share), FIRST);
        share.give_back(None);
        assert_eq!(take_all(&mut share), 1);
        for _ in 0..100 {
            share.give_back(Some(true));
            share.take();
        }
        take_all(&mut share);
        assert_eq!(share.used, MOST);
        for _ in 0..MOST {
            share.give_back(Some(false));
        }
        assert!(share.is_idle());
        assert_eq!(take_all(&mut share), 1);
    }
}
