//! The part of a report that people read.

use jiff::Timestamp;
use queue::Trouble;
use words::{Key, Value, format, keys};

use super::meaning::meaning;
use super::{Notice, Original, Told};

impl Notice<'_> {
    pub(super) fn text(&self) -> String {
        let lead = match self.told {
            Told::Failed => keys::NOTICE_FAILED_LEAD,
            Told::Delayed { .. } => keys::NOTICE_DELAYED_LEAD,
            Told::Delivered => keys::NOTICE_DELIVERED_LEAD,
            Told::Relayed => keys::NOTICE_RELAYED_LEAD,
        };
        let mut paragraphs = vec![self.dated(lead, self.received)];
        for (recipient, trouble) in self.of {
            let mut lines = vec![format!("    {}", recipient.address)];
            let what = match self.told {
                Told::Failed | Told::Delayed { .. } => self.what(trouble).to_vec(),
                Told::Relayed => vec![self.happened(trouble)],
                Told::Delivered => Vec::new(),
            };
            lines.extend(what.iter().map(|line| format!("    {line}")));
            paragraphs.push(lines.join("\n"));
        }
        paragraphs.push(match (self.told, &self.original) {
            (Told::Delayed { until }, _) => self.dated(keys::NOTICE_DELAYED_END, until),
            (Told::Failed, Original::Header(_)) => self.plain(keys::NOTICE_FAILED_END),
            (Told::Failed, Original::Whole(_)) => self.plain(keys::NOTICE_FAILED_END_FULL),
            (Told::Delivered, _) => self.plain(keys::NOTICE_DELIVERED_END),
            (Told::Relayed, _) => self.plain(keys::NOTICE_RELAYED_END),
        });
        let mut text = paragraphs.join("\n\n");
        text.push('\n');
        text
    }

    /// What happened, and what that means.
    fn what(&self, trouble: &Trouble) -> [String; 2] {
        let meaning = self.plain(meaning(trouble.status));
        let means = self.filled(keys::NOTICE_MEANING, &[("text", (&meaning).into())]);
        [self.happened(trouble), means]
    }

    fn happened(&self, trouble: &Trouble) -> String {
        let text = trouble.text.replace(char::is_control, " ");
        let said = ("text", Value::Text(&text));
        match &trouble.host {
            Some(host) => self.filled(keys::NOTICE_SAID, &[("host", host.into()), said]),
            None => self.filled(keys::NOTICE_OURS, &[said]),
        }
    }

    fn dated(&self, key: Key, time: Timestamp) -> String {
        let time = self.zone.to_datetime(time);
        let date = format::date(time.date(), self.language);
        let time = format::time(time.time(), self.language);
        self.filled(key, &[("date", (&date).into()), ("time", (&time).into())])
    }

    fn plain(&self, key: Key) -> String {
        self.filled(key, &[])
    }

    fn filled(&self, key: Key, arguments: &[(&str, Value<'_>)]) -> String {
        words::text(self.language, key, arguments)
    }
}
