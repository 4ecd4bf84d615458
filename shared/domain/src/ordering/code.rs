//! The code that people call out: "order 7K2M".

use crate::ids::OrderId;
use uuid::Uuid;

/// Crockford's base 32: no I, L, O, U, so that nobody reads one character for another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Four characters from the last 20 bits of the id; for people, not unique.
#[must_use]
pub fn order_code(order: OrderId) -> String {
    four_characters(order.0)
}

/// Four characters that people can compare, from the last 20 bits of an id; not unique.
#[must_use]
pub fn four_characters(id: Uuid) -> String {
    let bits = id.as_u128();
    [15, 10, 5, 0].map(|shift| char::from(ALPHABET[(bits >> shift & 0x1F) as usize])).iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{ALPHABET, order_code};
    use crate::ids::OrderId;
    use uuid::Uuid;

    fn code_of(bits: u128) -> String {
        order_code(OrderId(Uuid::from_u128(bits)))
    }

    #[test]
    fn the_code_is_the_last_20_bits_most_significant_first() {
        assert_eq!(code_of(0), "0000");
        assert_eq!(code_of(0b00001_00010_00011_00100), "1234");
        assert_eq!(code_of(u128::MAX), "ZZZZ");
        assert_eq!(code_of(1 << 20), "0000");
    }

    #[test]
    fn every_character_stands_for_its_own_five_bits() {
        let codes: std::collections::HashSet<_> = (0..32).map(code_of).collect();
        assert_eq!(codes.len(), ALPHABET.len());
    }
}
