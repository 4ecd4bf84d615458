//! A mail server on loopback that speaks SMTP and keeps what it is given.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A mail server. It ends with the runtime of its test.
#[derive(Clone)]
pub struct MailServer {
    port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
    refusals: Arc<AtomicU32>,
}

/// A mail as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Who it is for, from the envelope.
    pub to: String,
    /// Headers and body, lines ended by `\n`.
    pub text: String,
}

impl MailServer {
    /// Starts a server.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("{error}"));
        let port = listener.local_addr().unwrap_or_else(|error| panic!("{error}")).port();
        let server = Self { port, mails: Arc::default(), refusals: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = serving.clone();
                tokio::spawn(async move { server.talk(stream).await });
            }
        });
        server
    }

    /// Its address, as `ARIS_SMTP_URL` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Everything that came in for this address, oldest first.
    #[must_use]
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        let mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        mails.iter().filter(|mail| mail.to == address).cloned().collect()
    }

    /// The next mails are refused for now, this many times.
    pub fn refuse(&self, times: u32) {
        self.refusals.store(times, Ordering::SeqCst);
    }

    /// One connection, until its end.
    async fn talk(&self, stream: TcpStream) -> Option<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 test ESMTP\r\n").await.ok()?;
        let mut to = String::new();
        loop {
            let line = lines.next_line().await.ok()??;
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer: &[u8] = match verb.as_str() {
                "EHLO" => b"250-test\r\n250 8BITMIME\r\n",
                "HELO" | "MAIL" | "RSET" | "NOOP" => b"250 ok\r\n",
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    if self.refusals.load(Ordering::SeqCst) > 0 {
                        self.refusals.fetch_sub(1, Ordering::SeqCst);
                        b"451 try again later\r\n"
                    } else {
                        b"250 ok\r\n"
                    }
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut text = String::new();
                    loop {
                        let line = lines.next_line().await.ok()??;
                        if line == "." {
                            break;
                        }
                        // A line that begins with a dot was given another one.
                        text.push_str(line.strip_prefix('.').unwrap_or(&line));
                        text.push('\n');
                    }
                    let mail = Mail { to: std::mem::take(&mut to), text };
                    self.mails.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
                    b"250 taken\r\n"
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await.ok()?;
                    return Some(());
                }
                _ => b"502 what?\r\n",
            };
            write.write_all(answer).await.ok()?;
        }
    }
}

impl Mail {
    /// The token of the link in it: what stands behind `#`. Long lines are joined first, as
    /// quoted-printable breaks them.
    #[must_use]
    pub fn link_token(&self) -> Option<String> {
        let text = self.text.replace("=\n", "");
        let (_, rest) = text.split_once('#')?;
        Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect())
    }
}
