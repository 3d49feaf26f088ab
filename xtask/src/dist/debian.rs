//! Debian's package, by hand: an archive of `ar` with two archives of `tar`.

use std::env;
use std::path::{Path, PathBuf};

use super::calendar::Moment;
use super::release::{DOCUMENTS, File, Release};
use super::tarball::{gzip, tar_gz};
use super::{SUMMARY, read, write};
use crate::places::Places;
use crate::step::Trouble;

/// The settings of the service, which an administrator edits.
const SETTINGS: &str = "etc/ws-host/ws-host.toml";

/// The scripts that dpkg runs.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// Makes the package. Systems without dpkg have none.
pub(super) fn make(release: &Release, places: &Places, folder: &Path) -> Result<Option<PathBuf>, Trouble> {
    let Some(architecture) = release.target.debian() else { return Ok(None) };
    let files = installed(release, places)?;
    let mut control =
        vec![File::new("./control", control(release, architecture, &files)), File::new("./conffiles", format!("/{SETTINGS}\n"))];
    for script in SCRIPTS {
        control.push(File::program(format!("./{script}"), read(places, &format!("deploy/packages/debian/{script}"))?));
    }
    let data: Vec<File> = files.into_iter().map(|file| File { path: format!("./{}", file.path), ..file }).collect();
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.gz", tar_gz(&control, release.time, false)?),
        ("data.tar.gz", tar_gz(&data, release.time, true)?),
    ];
    let file = folder.join(format!("ws-host_{}_{architecture}.deb", version(release)));
    write(&file, &ar(&members, release.time))?;
    Ok(Some(file))
}

/// The version, which sorts before the release if it comes before it: `1.2.0~rc.1-1`.
fn version(release: &Release) -> String {
    format!("{}-1", release.version.replace('-', "~"))
}

/// The files by their paths below `/`.
fn installed(release: &Release, places: &Places) -> Result<Vec<File>, Trouble> {
    let document = |name: &str| release.content(&format!("{DOCUMENTS}{name}"));
    let documents = "usr/share/doc/ws-host/";
    // The prefix `/usr/local` belongs to the administrator.
    let unit = |name: &str| {
        let unit = String::from_utf8_lossy(document(&format!("deploy/{name}"))).replace("/usr/local/bin/", "/usr/bin/");
        File::new(format!("usr/lib/systemd/system/{name}"), unit)
    };
    let mut files = vec![
        File::program("usr/bin/ws-host", release.content("bin/ws-host")),
        File::new("usr/share/man/man1/ws-host.1.gz", gzip(release.content("share/man/man1/ws-host.1"))?),
        File::new("usr/share/zsh/vendor-completions/_ws-host", release.content("share/zsh/site-functions/_ws-host")),
        unit("ws-host.service"),
        unit("ws-host@.service"),
        File::new("usr/lib/systemd/system/ws-host.socket", document("deploy/ws-host.socket")),
        File::new(SETTINGS, document("deploy/ws-host.toml")),
        File::new(format!("{documents}changelog.gz"), gzip(document("CHANGELOG.md"))?),
        File::new(format!("{documents}changelog.Debian.gz"), gzip(changelog(release).as_bytes())?),
        File::new(format!("{documents}copyright"), read(places, "deploy/packages/debian/copyright")?),
        File::new(format!("{documents}THIRD-PARTY.txt.gz"), gzip(document("THIRD-PARTY.txt"))?),
        File::new(format!("{documents}ws-host.cdx.json.gz"), gzip(document("ws-host.cdx.json"))?),
        File::new("usr/share/lintian/overrides/ws-host", read(places, "deploy/packages/debian/lintian-overrides")?),
    ];
    files.extend(["share/bash-completion/", "share/fish/"].iter().flat_map(|shell| {
        release.moved("share/", "usr/share/").filter(move |file| file.path.starts_with(&format!("usr/{shell}")))
    }));
    files.extend(release.moved(&format!("{DOCUMENTS}RUST-STD.html"), &format!("{documents}RUST-STD.html")));
    for name in ["nginx.conf", "renew-certificate"] {
        files.push(File::new(format!("{documents}examples/{name}"), document(&format!("deploy/{name}"))));
    }
    Ok(files)
}

fn control(release: &Release, architecture: &str, files: &[File]) -> String {
    let kilobytes: usize = files.iter().map(|file| file.content.len().div_ceil(1024)).sum();
    let mut depends = Vec::new();
    depends.extend(release.needs.glibc.map(|(major, minor)| format!("libc6 (>= {major}.{minor})")));
    depends.extend(release.needs.libgcc.then(|| "libgcc-s1 (>= 4.2)".to_owned()));
    // It makes the user of the service.
    depends.push("adduser".to_owned());
    format!(
        "Package: ws-host\nVersion: {}\nArchitecture: {architecture}\nMaintainer: {}\nInstalled-Size: {kilobytes}\n\
         Depends: {}\nSection: net\nPriority: optional\nDescription: {SUMMARY}\n\
         \x20The server owns sockets, TLS, HTTP, frames, compression and limits. The\n\
         \x20application is a sandboxed component with three handlers, in a language of\n\
         \x20your choice. It is replaced while clients stay connected.\n\
         \x20.\n\
         \x20The service is neither enabled nor started: it needs a component and settings\n\
         \x20in /etc/ws-host first.\n",
        version(release),
        maintainer(),
        depends.join(", "),
    )
}

/// The maintainer by the variables that Debian's tools read.
fn maintainer() -> String {
    let or = |name: &str, other: &str| env::var(name).unwrap_or_else(|_| other.to_owned());
    format!("{} <{}>", or("DEBFULLNAME", "The ws-host developers"), or("DEBEMAIL", "ws-host@packages.invalid"))
}

fn changelog(release: &Release) -> String {
    let date = Moment::of(release.time).rfc5322();
    format!(
        "ws-host ({}) unstable; urgency=medium\n\n  * Release {}. changelog.gz beside this file has its changes.\n\n -- {}  {date}\n",
        version(release),
        release.version,
        maintainer()
    )
}

/// An archive of `ar` in the form that dpkg reads.
fn ar(members: &[(&str, Vec<u8>)], time: u64) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, content) in members {
        archive.extend(format!("{name:<16}{time:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 100_644, content.len()).bytes());
        archive.extend(content);
        // Members begin at even places.
        archive.extend((content.len() % 2 == 1).then_some(b'\n'));
    }
    archive
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::needs::Needs;
    use crate::dist::target::Target;

    fn release(version: &'static str, glibc: Option<(u32, u32)>) -> Release {
        let target = Target::parse("x86_64-unknown-linux-gnu").expect("the triple has packages");
        Release { version, target, needs: Needs { glibc, libgcc: glibc.is_some() }, time: 1_795_773_600, files: Vec::new() }
    }

    #[test]
    fn the_package_depends_on_the_c_library_that_the_binary_needs() {
        let text = control(&release("1.2.0", Some((2, 34))), "amd64", &[File::new("a", "x"), File::new("b", vec![0; 1025])]);
        assert!(text.contains("\nDepends: libc6 (>= 2.34), libgcc-s1 (>= 4.2), adduser\n"), "{text}");
        assert!(text.contains("\nVersion: 1.2.0-1\n") && text.contains("\nInstalled-Size: 3\n"), "{text}");
        assert!(control(&release("1.2.0", None), "amd64", &[]).contains("\nDepends: adduser\n"));
    }

    #[test]
    fn a_version_before_a_release_sorts_before_it() {
        assert_eq!(version(&release("1.2.0-rc.1", None)), "1.2.0~rc.1-1");
    }

    #[test]
    fn members_begin_at_even_places() {
        let archive = ar(&[("a", b"xyz".to_vec()), ("b", b"1".to_vec())], 7);
        let text = String::from_utf8(archive).expect("the archive is text");
        let second = text.find("b  ").expect("the second member is there");
        assert_eq!((second % 2, text.len() % 2), (0, 0));
        assert!(text.starts_with("!<arch>\na               7           0     0     100644  3         `\nxyz\nb"), "{text}");
    }
}
