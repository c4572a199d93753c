## Who sent a message from elsewhere, for whoever got it: what was found out. One line each.

verdict-spf-pass = The server that brought it may send for { $domain }.
verdict-spf-fail = { $domain } says that the server which brought it may not send for it.
verdict-spf-doubt = { $domain } doubts that the server which brought it may send for it.
verdict-spf-none = { $domain } does not say which servers may send for it.
verdict-spf-unknown = Whether the server that brought it may send for { $domain } could not be found out in time.
verdict-spf-wrong = What { $domain } says of its servers can't be understood.
verdict-dkim-pass = { $domain } has signed it, and it is as it was signed.
verdict-dkim-changed = { $domain } has signed it, and it was changed since.
verdict-dkim-fail = It bears a signature of { $domain } that is not right.
verdict-dkim-partial = { $domain } has signed only its beginning, and the rest may be anybody's.
verdict-dkim-unknown = It bears a signature of { $domain } that could not be checked in time.
verdict-dkim-none = Nobody has signed it.
verdict-dmarc-pass = It is really from { $domain }.
verdict-dmarc-fail = It says that it is from { $domain }, and nothing shows that it is.
verdict-dmarc-quarantine = It says that it is from { $domain }, and nothing shows that it is. { $domain } asks to be wary of such mail, so it is in the Junk folder.
verdict-dmarc-none = Whether it is really from { $domain } nobody can tell: { $domain } does not say how to.
verdict-dmarc-unknown = Whether it is really from { $domain } could not be found out in time.
verdict-dmarc-wrong = It does not say in a way that can be understood whom it is from.
