//! Signatures, verified with public keys.

use ed25519_dalek::{Signature as EdSignature, VerifyingKey};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rquickjs::{Ctx, Exception, TypedArray};
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, PublicKey};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// Bytes of JavaScript.
type Bytes<'js> = TypedArray<'js, u8>;

/// Whether the bytes are a public key: a point of the curve, uncompressed (SEC 1 §2.3.3), or one of Ed25519 (RFC 8032 §5.1.3).
pub(super) fn is_point(curve: String, key: Bytes<'_>) -> bool {
    let key = read(&key);
    match curve.as_str() {
        "P-256" => p256::ecdsa::VerifyingKey::from_sec1_bytes(key).is_ok(),
        "P-384" => p384::ecdsa::VerifyingKey::from_sec1_bytes(key).is_ok(),
        _ => edwards(key).is_some(),
    }
}

/// Whether an RSA key can be used: its modulus is odd and has 1,024 to 8,192 bits.
pub(super) fn is_rsa(key: Vec<Bytes<'_>>) -> bool {
    rsa(&key).is_some()
}

/// Verifies a signature of ECDSA (FIPS 186-5 §6.4.2) over a digest.
pub(super) fn ecdsa(curve: String, key: Bytes<'_>, signature: Bytes<'_>, digest: Bytes<'_>) -> bool {
    let (key, signature, digest) = (read(&key), read(&signature), read(&digest));
    let verified = match curve.as_str() {
        "P-256" => p256::ecdsa::VerifyingKey::from_sec1_bytes(key)
            .and_then(|key| key.verify_prehash(digest, &p256::ecdsa::Signature::from_slice(signature)?)),
        _ => p384::ecdsa::VerifyingKey::from_sec1_bytes(key)
            .and_then(|key| key.verify_prehash(digest, &p384::ecdsa::Signature::from_slice(signature)?)),
    };
    verified.is_ok()
}

/// Verifies a signature of Ed25519 (RFC 8032 §5.1.7).
pub(super) fn ed25519(key: Bytes<'_>, signature: Bytes<'_>, message: Bytes<'_>) -> bool {
    let Ok(signature) = EdSignature::from_slice(read(&signature)) else { return false };
    edwards(read(&key)).is_some_and(|key| key.verify_strict(read(&message), &signature).is_ok())
}

/// Verifies a signature of RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2) over a digest.
pub(super) fn pkcs1<'js>(
    ctx: Ctx<'js>,
    hash: String,
    key: Vec<Bytes<'js>>,
    signature: Bytes<'js>,
    digest: Bytes<'js>,
) -> rquickjs::Result<bool> {
    let padding = match hash.as_str() {
        "SHA-1" => Pkcs1v15Sign::new::<Sha1>(),
        "SHA-256" => Pkcs1v15Sign::new::<Sha256>(),
        "SHA-384" => Pkcs1v15Sign::new::<Sha384>(),
        "SHA-512" => Pkcs1v15Sign::new::<Sha512>(),
        _ => return Err(unknown(&ctx, &hash)),
    };
    Ok(rsa(&key).is_some_and(|key| key.verify(padding, read(&digest), read(&signature)).is_ok()))
}

/// Verifies a signature of RSASSA-PSS (RFC 8017 §8.1.2) over a digest.
pub(super) fn pss<'js>(
    ctx: Ctx<'js>,
    hash: String,
    salt: usize,
    key: Vec<Bytes<'js>>,
    signature: Bytes<'js>,
    digest: Bytes<'js>,
) -> rquickjs::Result<bool> {
    let Some(key) = rsa(&key) else { return Ok(false) };
    let (signature, digest) = (read(&signature), read(&digest));
    let verified = match hash.as_str() {
        "SHA-1" => key.verify(Pss::<Sha1>::new_with_salt(salt), digest, signature),
        "SHA-256" => key.verify(Pss::<Sha256>::new_with_salt(salt), digest, signature),
        "SHA-384" => key.verify(Pss::<Sha384>::new_with_salt(salt), digest, signature),
        "SHA-512" => key.verify(Pss::<Sha512>::new_with_salt(salt), digest, signature),
        _ => return Err(unknown(&ctx, &hash)),
    };
    Ok(verified.is_ok())
}

fn edwards(key: &[u8]) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(key.try_into().ok()?).ok()
}

/// Returns the key of a modulus and an exponent.
fn rsa(key: &[Bytes<'_>]) -> Option<PublicKey> {
    let [modulus, exponent] = key else { return None };
    PublicKey::new(BoxedUint::from_be_slice_vartime(read(modulus)), BoxedUint::from_be_slice_vartime(read(exponent))).ok()
}

fn read<'a>(bytes: &'a Bytes<'_>) -> &'a [u8] {
    // SAFETY: no JavaScript runs while a signature is verified.
    unsafe { bytes.as_slice() }
}

fn unknown(ctx: &Ctx<'_>, name: &str) -> rquickjs::Error {
    Exception::throw_type(ctx, &format!("there is no hash {name}"))
}
