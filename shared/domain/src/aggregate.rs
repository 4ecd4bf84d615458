//! How aggregates meet cqrs-es: the framework sees `handle`, everyone else calls the pure `decide`.

/// Implements cqrs-es' `Aggregate` for a type that has `decide` and `fold`.
macro_rules! aggregate {
    ($state:ty, $name:literal, $command:ty, $event:ty) => {
        impl cqrs_es::Aggregate for $state {
            const TYPE: &'static str = $name;
            type Command = $command;
            type Event = $event;
            type Error = crate::refusal::Refusal;
            type Services = ();

            async fn handle(
                &mut self,
                command: Self::Command,
                (): &Self::Services,
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), Self::Error> {
                for event in self.decide(command)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                self.fold(event);
            }
        }
    };
}
pub(crate) use aggregate;
