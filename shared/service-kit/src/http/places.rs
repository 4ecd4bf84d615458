//! How many connections one address may have.

use crate::client::counted_as;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The open connections of each address. Cheap to clone. At most as large as there are connections.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub struct Place {
    places: Places,
    address: IpAddr,
}

impl Places {
    /// A place for one more connection of this address, if it has less than `most`.
    pub(super) fn take(&self, address: IpAddr, most: usize) -> Option<Place> {
        let address = counted_as(address);
        let mut open = self.lock();
        let of_address = open.get(&address).copied().unwrap_or(0);
        if of_address >= most {
            return None;
        }
        open.insert(address, of_address + 1);
        drop(open);
        Some(Place { places: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.lock();
        if let Some(of_address) = open.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_places_and_gets_them_back() {
        let (places, here) = (Places::default(), "203.0.113.7".parse().unwrap());
        let (one, two) = (places.take(here, 2), places.take(here, 2));
        assert!(one.is_some() && two.is_some() && places.take(here, 2).is_none());
        assert!(places.take("203.0.113.8".parse().unwrap(), 2).is_some());
        drop(one);
        assert!(places.take(here, 2).is_some());
        drop(two);
        assert!(places.lock().is_empty());
    }
}
