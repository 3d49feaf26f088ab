//! Text of all encodings of the Encoding Standard.

use std::cell::RefCell;

use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding};
use rquickjs::{Ctx, Exception, Function, String as Text, TypedArray};

/// Returns the name of the encoding that a label stands for, or nothing for an unknown label.
pub(super) fn name(label: String) -> Option<String> {
    Some(Encoding::for_label_no_replacement(label.as_bytes())?.name().to_ascii_lowercase())
}

/// Returns a function that decodes the pieces of a text. The one called with `last` ends it, and the next one begins another.
/// Invalid bytes become U+FFFD or, if `fatal`, throw a TypeError.
pub(super) fn decoder<'js>(ctx: Ctx<'js>, name: String, fatal: bool, ignore_bom: bool) -> rquickjs::Result<Function<'js>> {
    let Some(encoding) = Encoding::for_label_no_replacement(name.as_bytes()) else {
        return Err(Exception::throw_range(&ctx, &format!("there is no encoding {name}")));
    };
    let begun =
        move || if ignore_bom { encoding.new_decoder_without_bom_handling() } else { encoding.new_decoder_with_bom_removal() };
    let running = RefCell::new(begun());
    Function::new(ctx, move |ctx: Ctx<'js>, bytes: TypedArray<'js, u8>, last: bool| {
        let mut decoder = running.borrow_mut();
        // SAFETY: no JavaScript runs while the bytes are borrowed.
        let text = decoded(&mut decoder, unsafe { bytes.as_slice() }, last, fatal);
        if last {
            *decoder = begun();
        }
        match text {
            Some(text) => Text::from_str(ctx, &text).map(Text::into_value),
            None => Err(Exception::throw_type(&ctx, &format!("the bytes are not {}", encoding.name()))),
        }
    })
}

/// Returns nothing for invalid bytes if they are `fatal`.
fn decoded(decoder: &mut Decoder, bytes: &[u8], last: bool, fatal: bool) -> Option<String> {
    // Room for the worst case would be three times as much, and an instance never gives memory back.
    let mut text = String::with_capacity(bytes.len() + SPARE);
    let mut read = 0;
    loop {
        let rest = &bytes[read..];
        let (is_done, count) = if fatal {
            match decoder.decode_to_string_without_replacement(rest, &mut text, last) {
                (DecoderResult::InputEmpty, count) => (true, count),
                (DecoderResult::OutputFull, count) => (false, count),
                (DecoderResult::Malformed(..), _) => return None,
            }
        } else {
            let (result, count, _) = decoder.decode_to_string(rest, &mut text, last);
            (result == CoderResult::InputEmpty, count)
        };
        if is_done {
            return Some(text);
        }
        read += count;
        text.reserve(bytes.len() - read + SPARE);
    }
}

/// The bytes of room that let the decoder go on, whatever comes.
const SPARE: usize = 64;
