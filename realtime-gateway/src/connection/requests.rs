//! What a client may ask after its welcome.

use super::{Connection, End, audit, ends, rights::right_still, wire::Incoming};
use crate::{
    close::{Close, CloseCode},
    feed::scope_key,
    frames::{Accepted, Auth, ClientFrame, Refused, ServerFrame, StreamName},
    websocket::Message,
};
use chrono::Utc;
use identity::{Principal, TokenError, revocation::Loss};
use std::{sync::Arc, time::Instant};

impl Connection {
    /// Takes one message.
    pub(super) async fn take(&mut self, message: Message) -> Result<(), End> {
        let Incoming::Frame(frame) = self.wire.take(message).await? else { return self.pay() };
        self.pay()?;
        match frame {
            ClientFrame::Pong(pong) => self.clock.pong(pong.n, Instant::now()),
            ClientFrame::Ack(ack) => {
                let index = self.known(&ack.name())?;
                if !ack.drawn.is_empty() {
                    metrics::counter!("realtime_drawn_total").increment(ack.drawn.len() as u64);
                }
                if self.streams[index].cursor.ack(ack.position) {
                    self.dirty.add(index);
                }
            }
            ClientFrame::Resume(resume) => {
                let index = self.known(&resume.name())?;
                self.restart(index, resume.after).await?;
            }
            ClientFrame::Auth(auth) => self.renew(auth).await?,
            ClientFrame::Hello(_) => return Err(Close::new(CloseCode::BadFrame, "hello comes once").into()),
        }
        Ok(())
    }

    /// Every message counts, those of WebSocket itself too.
    fn pay(&mut self) -> Result<(), End> {
        if self.rate.take(Instant::now()) {
            return Ok(());
        }
        Err(Close::new(CloseCode::Rate, "at most 20 messages a second").into())
    }

    fn known(&self, name: &StreamName) -> Result<usize, Close> {
        let unknown = || Close::new(CloseCode::BadFrame, format!("hello did not ask for {name}"));
        self.streams.iter().position(|stream| stream.cursor.name() == name).ok_or_else(unknown)
    }

    async fn renew(&mut self, auth: Auth) -> Result<(), End> {
        let id = auth.id;
        match self.same_subject(&auth.token) {
            Ok(principal) => {
                self.clock.renew(ends(&principal, Instant::now()));
                self.revoked = self.gateway.verifier.revocations().watch(principal.marks());
                self.principal = Arc::new(principal);
                self.out.push(ServerFrame::Accepted(Accepted { id }).encode().into());
                self.review().await?;
                self.flush().await?;
                // What was revoked since the token was looked at.
                self.lose().await
            }
            Err(code) => {
                audit::newer_token(&self.attempt, code);
                self.send(&ServerFrame::Refused(Refused { id, code: code.to_owned() })).await
            }
        }
    }

    /// A connection belongs to one subject for ever: another one's token is not valid here.
    fn same_subject(&self, token: &str) -> Result<Principal, &'static str> {
        match self.gateway.verifier.verify(token, Utc::now()) {
            Ok(new) if new.sub() == self.principal.sub() && new.tenant() == self.principal.tenant() => Ok(new),
            Ok(_) | Err(TokenError::Missing | TokenError::Invalid) => Err("token-invalid"),
            Err(TokenError::Expired) => Err("token-expired"),
            Err(TokenError::Revoked) => Err("token-revoked"),
        }
    }

    /// Looks whether the token was revoked. Where only its rights are outdated, every stream ends at once
    /// and the client is asked for a newer token, as at the end of one; else the connection ends.
    pub(super) async fn lose(&mut self) -> Result<(), End> {
        match self.gateway.verifier.loss(&self.principal) {
            None => Ok(()),
            Some(Loss::Gone) => Err(Close::new(CloseCode::Forbidden, "the token was revoked").into()),
            Some(Loss::Outdated) => {
                for index in 0..self.streams.len() {
                    if self.streams[index].place.is_some() {
                        self.revoke(index);
                    }
                }
                self.clock.renew(Instant::now());
                self.flush().await
            }
        }
    }

    /// Ends the streams that the new token does not grant, or grants otherwise.
    async fn review(&mut self) -> Result<(), End> {
        for index in 0..self.streams.len() {
            let Some(place) = &self.streams[index].place else { continue };
            let filter = right_still(&self.gateway, &self.principal, self.streams[index].cursor.name()).await?;
            if filter.as_ref().map(scope_key) != Some(scope_key(&place.log.filter)) {
                self.revoke(index);
            }
        }
        Ok(())
    }
}
