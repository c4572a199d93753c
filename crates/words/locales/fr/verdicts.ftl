## Ce qu’on a trouvé sur l’expéditeur d’un message.

verdict-dmarc-pass = { $domain } répond de ce message (DMARC).
verdict-dmarc-fail = { $domain } ne répond pas de ce message (DMARC). Pour un tel courrier, il demande : { $policy }.
verdict-dmarc-none = { $domain } ne dit pas s’il répond de son courrier (DMARC).
verdict-dmarc-unknown = On n’a pas pu savoir si { $domain } répond de ce message (DMARC).
verdict-no-author = Il ne dit pas qui l’a écrit d’une façon qu’on puisse vérifier (DMARC).
verdict-spf-pass = Le serveur qui l’a apporté peut envoyer pour { $domain } (SPF).
verdict-spf-fail = Le serveur qui l’a apporté ne peut pas envoyer pour { $domain } (SPF : { $finding }).
verdict-spf-none = { $domain } ne dit pas si ce serveur peut envoyer pour lui (SPF : { $finding }).
verdict-spf-unknown = On n’a pas pu savoir si ce serveur peut envoyer pour { $domain } (SPF : { $finding }).
verdict-dkim-pass = { $domain } l’a signé, et il est tel qu’il fut signé (DKIM).
verdict-dkim-fail = Une signature de { $domain } n’y vaut rien (DKIM : { $flaw }).
verdict-dkim-none = Personne ne l’a signé (DKIM).
verdict-iprev-pass = L’adresse de ce serveur a un nom, et ce nom a cette adresse.
verdict-iprev-fail = L’adresse de ce serveur n’a pas de nom qui ait cette adresse.
verdict-arc-pass = Il est venu par { $sealer }, et il est tel qu’il en est parti (ARC).
verdict-arc-fail = Ce qu’il dit de son chemin n’est pas sûr (ARC).
verdict-vouched = { $sealer }, à qui l’on fait confiance ici, dit que { $domain } en répondait avant.
verdict-listed = La liste { $list } nomme l’adresse de ce serveur.
