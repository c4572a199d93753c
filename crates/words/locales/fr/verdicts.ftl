## Qui a envoyé un message venu d’ailleurs, pour qui l’a reçu : ce qui a été trouvé. Une ligne chacun.

verdict-spf-pass = Le serveur qui l’a apporté peut envoyer pour { $domain }.
verdict-spf-fail = { $domain } dit que le serveur qui l’a apporté ne peut pas envoyer pour lui.
verdict-spf-doubt = { $domain } doute que le serveur qui l’a apporté puisse envoyer pour lui.
verdict-spf-none = { $domain } ne dit pas quels serveurs peuvent envoyer pour lui.
verdict-spf-unknown = Si le serveur qui l’a apporté peut envoyer pour { $domain }, on n’a pas pu le savoir à temps.
verdict-spf-wrong = Ce que { $domain } dit de ses serveurs ne se comprend pas.
verdict-dkim-pass = { $domain } l’a signé, et il est tel qu’il fut signé.
verdict-dkim-changed = { $domain } l’a signé, et il a été changé depuis.
verdict-dkim-fail = Il porte une signature de { $domain } qui n’est pas juste.
verdict-dkim-partial = { $domain } n’en a signé que le début, et le reste peut être de n’importe qui.
verdict-dkim-unknown = Il porte une signature de { $domain } qu’on n’a pas pu vérifier à temps.
verdict-dkim-none = Personne ne l’a signé.
verdict-dmarc-pass = Il vient vraiment de { $domain }.
verdict-dmarc-fail = Il dit venir de { $domain }, et rien ne le montre.
verdict-dmarc-quarantine = Il dit venir de { $domain }, et rien ne le montre. { $domain } demande qu’on s’en méfie : il est donc dans le dossier Junk.
verdict-dmarc-none = S’il vient vraiment de { $domain }, personne ne peut le dire : { $domain } ne dit pas comment le savoir.
verdict-dmarc-unknown = S’il vient vraiment de { $domain }, on n’a pas pu le savoir à temps.
verdict-dmarc-wrong = Il ne dit pas d’une manière qui se comprenne de qui il vient.
