//! New projects in JavaScript and TypeScript.

use std::fs;
use std::path::Path;

use super::{begins, by_the_readme, component, run};
use crate::support::http::{ask, request};
use crate::support::{Client, Host, command};

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` runs it, since it needs npm"]
async fn a_project_in_javascript_goes_from_new_to_a_chat_and_is_built_once() {
    let folder = begins("js", Some("npm install"), |_| {}).await;
    tests_run_without_a_host(&folder.path().join("my-chat"), "src/index.js");
    let built = || fs::read(component(&folder.path().join("my-chat"))).expect("the component can be read");
    // componentize-qjs would make other bytes, which the host would compile anew.
    assert!(built() == built(), "an unchanged project gives the same component");
}

#[tokio::test]
#[ignore = "`cargo xtask test js-guests` runs it, since it needs npm"]
async fn a_project_in_typescript_goes_from_new_to_a_chat_and_a_wrong_type_is_not_swapped_in() {
    let folder = begins("ts", Some("npm install"), |_| {}).await;
    let project = folder.path().join("my-chat");
    run(by_the_readme(&project, "npm run check"));
    tests_run_without_a_host(&project, "src/index.ts");
    a_wrong_type_is_not_swapped_in(&project).await;
}

/// `npm test` passes, and fails at the place in the source when a handler does.
fn tests_run_without_a_host(project: &Path, source: &str) {
    assert!(run(by_the_readme(project, "npm test")).contains("pass 1\n"));
    let text = fs::read_to_string(project.join(source)).expect("the source can be read");
    let failing = text.replacen(
        "    if (typeof message",
        "    if (message === 'hello') throw new Error('told to');\n    if (typeof message",
        1,
    );
    fs::write(project.join(source), failing).expect("the source can be written");
    let output = by_the_readme(project, "npm test").output().expect("sh starts");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().position(|line| line.starts_with("    if (typeof message")).expect("the source has this line") + 1;
    assert!(!output.status.success() && told.contains(&format!("{source}:{line}:")), "{told}");
    fs::write(project.join(source), text).expect("the source can be written");
}

async fn a_wrong_type_is_not_swapped_in(project: &Path) {
    let mut dev = command();
    dev.args(["dev", "--port", "0"]).current_dir(project);
    let mut host = Host::start(dev);
    let source = fs::read_to_string(project.join("src/index.ts")).expect("the source can be read");
    let edit = |text: &str| fs::write(project.join("src/index.ts"), text).expect("the source can be written");
    edit(&source.replacen("${client.id}", "${client.ident}", 1));
    let log = host.logs_up_to("the previous release keeps running");
    let told = "src/index.ts:7:27 - error TS2339: Property 'ident' does not exist on type 'Client'.";
    assert!(log.contains(told), "{log}");
    assert_eq!(Client::connect(&host).await.hears().await, "* guest-1 has joined");
    let notice = String::from_utf8_lossy(&ask(&host.address, &request("GET /-/notice")).body).into_owned();
    assert!(notice.contains(told), "{notice}");
    edit(&source.replace("has joined", "is here"));
    host.logs("swapped to");
    assert_eq!(Client::connect(&host).await.hears().await, "* guest-2 is here");
}
