//! Unmasking a payload piece by piece (RFC 6455 §5.3).

use proptest::prelude::*;

use crate::mask::unmask;

proptest! {
    #[test]
    fn each_byte_meets_the_byte_of_the_mask_at_its_place_in_the_frame(
        payload in prop::collection::vec(any::<u8>(), 0..100),
        mask: [u8; 4],
        offset in 0..100_usize,
    ) {
        let mut unmasked = payload.clone();
        unmask(&mut unmasked, mask, offset);
        for (i, (plain, masked)) in unmasked.iter().zip(&payload).enumerate() {
            prop_assert_eq!(*plain, masked ^ mask[(offset + i) % 4]);
        }
    }
}
