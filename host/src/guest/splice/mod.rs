//! A loop that is added to a guest's component, so that one call from the host handles a batch of messages.
//!
//! A call into a component costs about as much as all else that the host does in user space for a small message: it begins a fiber, looks
//! the function up, and checks the way in and out. A call from one core function to another costs next to nothing. So the component gets
//! a core module with a loop. It asks the host for a message, which the host puts into the guest's memory, and calls the core function
//! below `on-message`, until all are handled. The guest's own code is as it was.
//!
//! These items are appended to the component, in its text format:
//!
//! ```text
//! (core module $keeper ...)
//! (core instance $kept (instantiate $keeper ...))
//! (import "ws-host-next-message" (func $next (result (option (tuple u64 (result string (error (list u8))))))))
//! (core func $lowered (canon lower (func $next) string-encoding=utf8 (memory $guest) (realloc (func $kept "realloc"))))
//! (core module $loop ...)
//! (core instance $running (instantiate $loop ...))
//! (func $run (canon lift (core func $running "run")))
//! (export "ws-host-batch" (func $run))
//! ```
//!
//! - `(result string (error (list u8)))` has the memory layout of the contract's `message`, and needs no name.
//! - The host writes the result of `next` into the guest's memory, and the loop has no memory there. A garbage collector of
//!   the guest could free an allocation of the loop, since it does not know of it. So the result goes to the first 32 bytes of the memory, and the
//!   keeper puts back what was there before any code of the guest runs again. The host has the guest allocate the payload meanwhile, so
//!   the keeper stands before the allocator too.
//! - The allocators of the usual languages do not give out those bytes, since their null pointer is 0. The keeper traps otherwise, and a component gets the loop only if its functions have the names that its language's tools give them.
//!
//! | file | owns |
//! | --- | --- |
//! | `modules` | the code of both modules |
//! | `outline` | where the component has what they need |

mod modules;
mod outline;

use wasm_encoder as enc;
use wasm_encoder::ComponentSection;

use self::modules::{keeper, looping};
use self::outline::{Counts, Lift, Outline};

/// The import by which the loop asks for a message.
pub(super) const NEXT: &str = "ws-host-next-message";
/// The export that runs the loop.
pub(super) const RUN: &str = "ws-host-batch";
/// The name of the loop's module, which backtraces have.
pub(super) const MODULE: &str = "ws-host-batch";

/// The name of a guest's allocator.
const REALLOC: &str = "cabi_realloc";
/// The handler that the loop calls.
const HANDLER: &str = "on-message";

/// The function that the loop calls behind the handler, if the guest has it.
const POST_RETURN: &str = "post-return";

/// A component with the loop. `None` if its `on-message` or its allocator has another name than the tools of the languages give it: such a guest takes its
/// messages one by one.
pub(super) fn with_loop(component: &[u8]) -> Option<Vec<u8>> {
    let outline = Outline::of(component)?;
    let Lift { core_func, memory, realloc, post_return } = outline.handler()?;
    let Counts { types, funcs, core_funcs, core_modules, core_instances } = outline.counts;
    let mut spliced = component.to_vec();
    let mut append = |section: &dyn ComponentSection| section.append_to_component(&mut spliced);

    let (memory_of_guest, realloc_of_guest) =
        (("memory", enc::ExportKind::Memory, memory), ("realloc", enc::ExportKind::Func, realloc));
    append(&enc::ModuleSection(&keeper()));
    let mut section = enc::InstanceSection::new();
    section.export_items([memory_of_guest, realloc_of_guest]);
    section.instantiate(core_modules, [("", enc::ModuleArg::Instance(core_instances))]);
    append(&section);
    let kept = core_instances + 1;
    let mut section = enc::ComponentAliasSection::new();
    for name in ["realloc", "save", "restore"] {
        section.alias(enc::Alias::CoreInstanceExport { instance: kept, kind: enc::ExportKind::Func, name });
    }
    append(&section);
    let [kept_realloc, save, restore, next, run] = [0, 1, 2, 3, 4].map(|more| core_funcs + more);

    let mut section = enc::ComponentTypeSection::new();
    section.defined_type().list(enc::PrimitiveValType::U8);
    let (text, data) = (enc::PrimitiveValType::String.into(), enc::ComponentValType::Type(types));
    section.defined_type().result(Some(text), Some(data));
    section.defined_type().tuple([enc::PrimitiveValType::U64.into(), enc::ComponentValType::Type(types + 1)]);
    section.defined_type().option(enc::ComponentValType::Type(types + 2));
    let no_params: [(&str, enc::ComponentValType); 0] = [];
    section.function().params(no_params).result(Some(enc::ComponentValType::Type(types + 3)));
    section.function().params(no_params).result(None);
    let (next_type, run_type) = (types + 4, types + 5);
    append(&section);

    append(enc::ComponentImportSection::new().import(NEXT, enc::ComponentTypeRef::Func(next_type)));
    let options = [enc::CanonicalOption::UTF8, enc::CanonicalOption::Memory(memory), enc::CanonicalOption::Realloc(kept_realloc)];
    append(enc::CanonicalFunctionSection::new().lower(funcs, options));

    append(&enc::ModuleSection(&looping(post_return.is_some())));
    let mut section = enc::InstanceSection::new();
    let mut items = vec![
        memory_of_guest,
        ("save", enc::ExportKind::Func, save),
        ("restore", enc::ExportKind::Func, restore),
        ("next", enc::ExportKind::Func, next),
        (HANDLER, enc::ExportKind::Func, core_func),
    ];
    items.extend(post_return.map(|index| (POST_RETURN, enc::ExportKind::Func, index)));
    section.export_items(items);
    section.instantiate(core_modules + 1, [("", enc::ModuleArg::Instance(core_instances + 2))]);
    append(&section);
    let name = "run";
    let alias = enc::Alias::CoreInstanceExport { instance: core_instances + 3, kind: enc::ExportKind::Func, name };
    append(enc::ComponentAliasSection::new().alias(alias));
    append(enc::CanonicalFunctionSection::new().lift(run, run_type, []));
    append(enc::ComponentExportSection::new().export(RUN, enc::ComponentExportKind::Func, funcs + 1, None));
    Some(spliced)
}
