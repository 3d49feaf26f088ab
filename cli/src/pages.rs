//! The pages of a guest project: the files of its folder `public`.

use std::path::{Path, PathBuf};

use ws_host::Handle;

use crate::serve_flags::ServeFlags;
use crate::watch::Watch;

/// The folder in a project's directory.
const FOLDER: &str = "public";
/// A folder without it may hold files for a bundler, and is no site of its own.
const INDEX: &str = "index.html";

/// The folder with the pages of the project in this directory, if it has an index.
fn of_project(dir: &Path) -> Option<PathBuf> {
    let folder = dir.join(FOLDER);
    folder.join(INDEX).is_file().then_some(folder)
}

/// The folder that a development server serves: the one that the flags name, or the project's own.
pub fn for_development(flags: &ServeFlags, dir: &Path) -> Option<PathBuf> {
    let own = || of_project(dir).filter(|_| !flags.no_page);
    flags.static_files.clone().or_else(own)
}

/// A log line if the folder beside a component has pages that the flags leave out.
pub fn left_out(flags: &ServeFlags, component: &Path) -> Option<String> {
    if flags.static_files.is_some() || flags.no_page {
        return None;
    }
    let folder = of_project(component.parent()?)?;
    Some(format!("the pages in {0} are not served; use --static {0} to serve them", folder.display()))
}

/// Has browsers load the pages anew whenever their files change.
pub async fn follow(watch: Option<Watch>, handle: &Handle) {
    let Some(mut watch) = watch else { return std::future::pending().await };
    loop {
        watch.changed().await;
        tracing::info!("the pages have changed: browsers load them anew");
        handle.pages_changed();
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        flags: ServeFlags,
    }

    fn flags(line: &str) -> ServeFlags {
        Line::parse_from(format!("run {line}").split_whitespace()).flags
    }

    /// A project with this file.
    fn project(file: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::create_dir(dir.path().join(FOLDER)).expect("the folder takes a folder");
        std::fs::write(dir.path().join(file), "").expect("the folder takes a file");
        dir
    }

    #[test]
    fn a_development_server_serves_the_folder_that_the_flags_name_or_the_projects_own_if_that_has_an_index() {
        let project = project("public/index.html");
        let served = |line: &str| for_development(&flags(line), project.path());
        assert_eq!(served(""), Some(project.path().join("public")));
        assert_eq!(served("--static dist"), Some(PathBuf::from("dist")));
        assert_eq!(served("--static dist --no-page"), Some(PathBuf::from("dist")));
        assert_eq!(served("--no-page"), None);
        let for_a_bundler = self::project("public/logo.svg");
        assert_eq!(for_development(&flags(""), for_a_bundler.path()), None);
    }

    #[test]
    fn pages_beside_a_component_that_are_not_served_are_told_with_the_flag() {
        let project = project("public/index.html");
        let told = |line: &str, file: &str| left_out(&flags(line), &project.path().join(file));
        let public = project.path().join("public").display().to_string();
        let line = told("", "chat.wasm").expect("the folder has an index");
        assert_eq!(line, format!("the pages in {public} are not served; use --static {public} to serve them"));
        assert_eq!(told("--static dist", "chat.wasm"), None);
        assert_eq!(told("--no-page", "chat.wasm"), None);
        assert_eq!(told("", "out/chat.wasm"), None);
    }
}
