//! Nchan: messages through nginx, from Debian's packages, unpacked beside everything else.

use super::{cache, done};
use crate::{process::Process, server::Server};
use anyhow::{Context, Result, ensure};
use local_servers::free_port;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What is unpacked; the libraries that nginx needs are on every Debian.
const PACKAGES: [&str; 2] = ["nginx", "libnginx-mod-nchan"];
/// Where Debian's build keeps temporary files, whatever the configuration says, as soon as Nchan is loaded. The copy keeps
/// them in its own folder: a path of the same length, and a relative one.
const SYSTEM_FOLDER: &[u8] = b"/var/lib/nginx/";
const OWN_FOLDER: &[u8] = b"own-var-lib-ngx";
/// Ends what it started when its standard input ends.
const SUPERVISOR: &str = r#""$@" & server=$!; cat > /dev/null; kill -TERM "$server"; wait "$server""#;

/// nginx with Nchan, in the cache folder.
pub(crate) struct Nchan(PathBuf);

impl Nchan {
    /// Downloads and unpacks it where that was not done yet; nothing is installed.
    pub(crate) fn obtain() -> Result<Self> {
        let folder = cache("nchan")?;
        let this = Self(folder.clone());
        if !this.program().exists() || !this.module().exists() {
            println!("unpacking nginx with Nchan");
            done(Command::new("apt-get").args(["-q", "download"]).args(PACKAGES).current_dir(&folder))?;
            for package in fs::read_dir(&folder)?.flatten().map(|entry| entry.path()) {
                if package.extension().is_some_and(|extension| extension == "deb") {
                    done(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&folder))?;
                    fs::remove_file(&package)?;
                }
            }
        }
        this.keep_to_its_folder()?;
        done(Command::new(this.program()).arg("-v"))?;
        ensure!(this.module().exists(), "the package has no module");
        Ok(this)
    }

    /// Both have the folder's name in them.
    fn keep_to_its_folder(&self) -> Result<()> {
        for file in [self.program(), self.module()] {
            let mut bytes = fs::read(&file)?;
            let mut from = 0;
            while let Some(at) = bytes[from..].windows(SYSTEM_FOLDER.len()).position(|some| some == SYSTEM_FOLDER) {
                bytes[from + at..][..OWN_FOLDER.len()].copy_from_slice(OWN_FOLDER);
                from += at + OWN_FOLDER.len();
            }
            if from > 0 {
                fs::write(file, bytes)?;
            }
        }
        Ok(())
    }

    fn program(&self) -> PathBuf {
        self.0.join("usr/sbin/nginx")
    }

    fn module(&self) -> PathBuf {
        self.0.join("usr/lib/nginx/modules/ngx_nchan_module.so")
    }

    /// Starts it: one worker per core, as nginx is usually run.
    pub(crate) async fn start(&self, server: &Server, name: &str) -> Result<Process> {
        let (folder, port) = (server.folder().join(name), free_port()?);
        fs::create_dir_all(&folder)?;
        let file = folder.join("nginx.conf");
        fs::write(&file, configuration(&self.module(), &folder, port))?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SUPERVISOR, "sh"]).arg(self.program());
        command.arg("-p").arg(&folder).arg("-c").arg(&file).arg("-e").arg(folder.join("error.log"));
        let log = folder.join("nginx.log");
        let mut process = Process::start("nginx", command, port, &log)?;
        process.ready("/readyz").await.with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
        Ok(process)
    }
}

fn configuration(module: &Path, folder: &Path, port: u16) -> String {
    let (module, folder) = (module.display(), folder.display());
    format!(
        "load_module {module};
daemon off;
worker_processes auto;
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 19000; }}
http {{
    access_log off;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        tcp_nodelay on;
        keepalive_requests 1000000;
        location = /readyz {{ return 200 ready; }}
        location ~ ^/publish/([0-9a-f-]+)$ {{
            nchan_publisher;
            nchan_channel_id $1;
        }}
        location ~ ^/follow/([0-9a-f-]+)$ {{
            nchan_subscriber websocket;
            nchan_channel_id $1;
            nchan_subscriber_first_message newest;
        }}
    }}
}}
"
    )
}
