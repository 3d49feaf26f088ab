//! Hashes and keyed hashes.

use hmac::{Hmac, KeyInit, Mac};
use rquickjs::{Ctx, Exception, TypedArray};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Returns the hash of bytes.
pub(super) fn digest<'js>(ctx: Ctx<'js>, name: String, bytes: TypedArray<'js, u8>) -> rquickjs::Result<TypedArray<'js, u8>> {
    let hash = {
        // SAFETY: no JavaScript runs while the bytes are borrowed.
        let bytes = unsafe { bytes.as_slice() };
        match name.as_str() {
            "SHA-1" => Sha1::digest(bytes).to_vec(),
            "SHA-256" => Sha256::digest(bytes).to_vec(),
            "SHA-384" => Sha384::digest(bytes).to_vec(),
            "SHA-512" => Sha512::digest(bytes).to_vec(),
            _ => return Err(unknown(&ctx, &name)),
        }
    };
    TypedArray::new(ctx, hash)
}

/// Returns the HMAC (RFC 2104) of bytes.
pub(super) fn hmac<'js>(
    ctx: Ctx<'js>,
    name: String,
    key: TypedArray<'js, u8>,
    bytes: TypedArray<'js, u8>,
) -> rquickjs::Result<TypedArray<'js, u8>> {
    let tag = {
        // SAFETY: no JavaScript runs while the bytes are borrowed.
        let (key, bytes) = unsafe { (key.as_slice(), bytes.as_slice()) };
        match name.as_str() {
            "SHA-1" => tag::<Hmac<Sha1>>(key, bytes),
            "SHA-256" => tag::<Hmac<Sha256>>(key, bytes),
            "SHA-384" => tag::<Hmac<Sha384>>(key, bytes),
            "SHA-512" => tag::<Hmac<Sha512>>(key, bytes),
            _ => return Err(unknown(&ctx, &name)),
        }
    };
    TypedArray::new(ctx, tag)
}

fn tag<M: Mac + KeyInit>(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}

fn unknown(ctx: &Ctx<'_>, name: &str) -> rquickjs::Error {
    Exception::throw_type(ctx, &format!("there is no hash {name}"))
}
