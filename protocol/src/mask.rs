//! The mask that a client puts on its payload (RFC 6455 §5.3). Masking and unmasking are the same operation.

/// Masks or unmasks a piece of a payload in place. `offset` is the position of the piece in the frame's payload,
/// which decides where in the mask it begins.
pub(super) fn unmask(piece: &mut [u8], mask: [u8; 4], offset: usize) {
    let key: [u8; 8] = std::array::from_fn(|i| mask[(offset + i) % 4]);
    // Words of eight bytes, a multiple of the mask's four: a loop that LLVM turns into vector instructions.
    let word_key = u64::from_ne_bytes(key);
    let (words, rest) = piece.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ word_key).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key) {
        *byte ^= key;
    }
}
