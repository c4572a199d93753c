## What was found out about who sent a message.

verdict-dmarc-pass = { $domain } stands by this message (DMARC).
verdict-dmarc-fail = { $domain } does not stand by this message (DMARC). For such mail it asks: { $policy }.
verdict-dmarc-none = { $domain } does not say whether it stands by its mail (DMARC).
verdict-dmarc-unknown = Whether { $domain } stands by this message could not be found out (DMARC).
verdict-no-author = It does not say who wrote it in a way that could be checked (DMARC).
verdict-spf-pass = The server that brought it may send for { $domain } (SPF).
verdict-spf-fail = The server that brought it may not send for { $domain } (SPF: { $finding }).
verdict-spf-none = { $domain } does not say whether this server may send for it (SPF: { $finding }).
verdict-spf-unknown = Whether this server may send for { $domain } could not be found out (SPF: { $finding }).
verdict-dkim-pass = { $domain } has signed it, and it is as it was signed (DKIM).
verdict-dkim-fail = A signature of { $domain } on it is worth nothing (DKIM: { $flaw }).
verdict-dkim-none = Nobody has signed it (DKIM).
verdict-iprev-pass = The address of that server has a name, and the name that address.
verdict-iprev-fail = The address of that server has no name that has the address.
verdict-arc-pass = It came by way of { $sealer }, and is as it left there (ARC).
verdict-arc-fail = What it says of the way that it came is not sure (ARC).
verdict-vouched = { $sealer }, which is trusted here, says that { $domain } stood by it before it came there.
verdict-listed = The list { $list } names the address of that server.
