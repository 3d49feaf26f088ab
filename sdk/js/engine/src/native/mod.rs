//! The module `ws-host:engine`: functions that JavaScript alone cannot have, or would run slowly.

mod address;
mod digest;
mod encoding;
mod jobs;
mod signature;
pub(crate) mod text;

use rquickjs::function::IntoJsFunc;
use rquickjs::module::{Declarations, Exports, ModuleDef};
use rquickjs::{Ctx, Function, Runtime};

pub(crate) use jobs::run as run_jobs;

/// The name of the module.
pub(crate) const MODULE: &str = "ws-host:engine";

const NAMES: [&str; 16] = [
    "runJobs",
    "encode",
    "decode",
    "encodingName",
    "decoder",
    "digest",
    "hmac",
    "isPoint",
    "isRsa",
    "verifyEcdsa",
    "verifyEd25519",
    "verifyPkcs1",
    "verifyPss",
    "parseUrl",
    "changeUrl",
    "domainToASCII",
];

pub(crate) struct Native;

impl ModuleDef for Native {
    fn declare(declarations: &Declarations<'_>) -> rquickjs::Result<()> {
        for name in NAMES {
            declarations.declare(name)?;
        }
        Ok(())
    }

    fn evaluate<'js>(ctx: &Ctx<'js>, exports: &Exports<'js>) -> rquickjs::Result<()> {
        let module = Functions { ctx, exports };
        module.export("runJobs", jobs::run)?;
        module.export("encode", text::encode)?;
        module.export("decode", text::decode)?;
        module.export("encodingName", encoding::name)?;
        module.export("decoder", encoding::decoder)?;
        module.export("digest", digest::digest)?;
        module.export("hmac", digest::hmac)?;
        module.export("isPoint", signature::is_point)?;
        module.export("isRsa", signature::is_rsa)?;
        module.export("verifyEcdsa", signature::ecdsa)?;
        module.export("verifyEd25519", signature::ed25519)?;
        module.export("verifyPkcs1", signature::pkcs1)?;
        module.export("verifyPss", signature::pss)?;
        module.export("parseUrl", address::parse)?;
        module.export("changeUrl", address::change)?;
        module.export("domainToASCII", |domain: String| url::quirks::domain_to_ascii(&domain))
    }
}

struct Functions<'a, 'js> {
    ctx: &'a Ctx<'js>,
    exports: &'a Exports<'js>,
}

impl<'js> Functions<'_, 'js> {
    fn export<P>(&self, name: &str, function: impl IntoJsFunc<'js, P> + 'js) -> rquickjs::Result<()> {
        self.exports.export(name, Function::new(self.ctx.clone(), function)?)?;
        Ok(())
    }
}

/// Prepares a runtime for the functions.
pub(crate) fn install(runtime: &Runtime) {
    jobs::install(runtime);
}
