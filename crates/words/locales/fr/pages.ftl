## Pages : ce qui les entoure toutes.

language-name = Français
page-title = { $page } · { $service }
skip-to-content = Aller au contenu
navigation = Navigation
navigation-home = Ma boîte
navigation-guides = Appareils
navigation-password = Mot de passe
menu = Menu
sign-out = Sortir
open-mailbox = Ouvrir ma boîte
secure-site = Site sécurisé

## Formulaires

faults = { $count ->
    [one] Un champ à corriger :
   *[other] { $count } champs à corriger :
}
fault-empty = **Ce champ est vide.** Écrivez-y votre réponse.

## Connexion

sign-in-title = Ouvrir votre boîte
sign-in-heading = Le courrier électronique
sign-in-heading-domain = de `{ $domain }`
sign-in-address = Votre adresse entière
sign-in-password = Mot de passe
sign-in-button = Ouvrir ma boîte
sign-in-forgotten = Mot de passe oublié ? Demandez à qui gère votre adresse.
sign-in-sender = Pour régler un appareil :
sign-in-server = serveur `{ $host }`
sign-in-incoming = { $protocol } `{ $port }`
sign-in-outgoing = envoi `{ $port }`
sign-in-guides = Configurer un appareil, pas à pas
sign-in-expired = **Cette page a attendu trop longtemps, ou le navigateur refuse les cookies.** Retapez le mot de passe.
sign-in-ended = **Votre session est fermée.** Votre boîte continue de recevoir.
postmark-mail = COURRIER

## Boîte

home-title = Votre boîte
home-state = **Votre boîte marche.** Réglez vos appareils avec les valeurs ci-dessous.
home-set-up = Configurer un appareil
home-postmark = SESSION
home-postmark-below = OUVERTE
home-postmark-name = Session ouverte le { $date } à { $time }
home-account = Cette adresse
home-password = Mot de passe
home-password-changed = depuis le { $date }
home-old-devices = Appareils anciens
home-old-devices-on = admis
home-old-devices-off = non admis
home-old-devices-why-on = Cette boîte s’ouvre aussi sans chiffrement. Qui gère votre adresse peut changer ce choix.
home-old-devices-why-off = Cette boîte ne s’ouvre qu’avec un chiffrement sûr. Qui gère votre adresse peut admettre un appareil trop ancien pour cela.

## Réglages

settings-title = Réglages de vos appareils
settings-title-generic = Réglages
settings-user = Nom d’utilisateur
settings-user-generic = votre adresse entière, comme `{ $example }`
settings-user-why = votre adresse entière, pour recevoir et pour envoyer
settings-password = Mot de passe
settings-password-why = celui de votre boîte
settings-server = Serveur
settings-server-why = le même pour recevoir et pour envoyer
settings-servers-incoming = Serveur entrant
settings-server-imap = Serveur IMAP
settings-server-pop3 = Serveur POP3
settings-servers-outgoing = Serveur sortant
ports-reminder = Rappel des ports
ports-service = Service
ports-ssl-on = SSL activé
ports-ssl-off = désactivé
ports-imap = Entrant, IMAP
ports-pop3 = Entrant, POP3
ports-submission = Sortant, SMTP
ports-none = aucun
ports-yours = le vôtre ici
ports-why = Prenez la première colonne. L’autre sert à STARTTLS et aux appareils trop anciens pour chiffrer.

## Mot de passe

password-title = Changer le mot de passe
password-of = de la boîte
password-effects-title = Ce qui va se passer
password-effect-devices = Les sessions ouvertes avec l’ancien mot de passe sont fermées aussitôt, sur chaque appareil.
password-effect-mail = Le courrier continue d’arriver. Rien n’est perdu.
password-effect-next = Tapez ensuite le nouveau dans chaque appareil : pour recevoir **et** pour envoyer.
password-effect-here = Cette page-ci reste ouverte.
password-current = Mot de passe actuel
password-new = Nouveau mot de passe
password-new-hint = { $least } caractères au moins. Quatre mots au hasard se retiennent bien.
password-again = Nouveau mot de passe, encore
password-button = Prendre ce mot de passe
password-cancel = Garder l’ancien
password-wrong = **Ce mot de passe n’est pas celui de la boîte.** Retapez-le.
password-short = **Ce mot de passe est trop court.** Il en faut { $least } caractères au moins.
password-long = **Ce mot de passe est trop long.** Il en faut { $most } octets au plus.
password-differs = **Il n’est pas le même que le premier.** Retapez les deux.
password-same = **C’est déjà le mot de passe de la boîte.** Choisissez-en un autre.
password-control = **Un caractère de ce mot de passe ne se tape pas au clavier.** Choisissez-en un autre.
password-changed-title = Votre mot de passe est en place
password-changed-when = Changé le { $date } à { $time }. Les sessions ouvertes avec l’ancien sont fermées.
password-changed-next = Tapez-le maintenant dans chaque appareil : pour recevoir **et** pour envoyer. Un appareil qui a gardé l’ancien ne bloque rien ; il attend.
password-changed-guides = Revoir les réglages d’un appareil
password-changed-home = Retour à ma boîte

## Incidents de page

error-not-found-title = Cette page n’existe pas
error-not-found = L’adresse a peut-être été mal recopiée. Votre courrier n’est pas touché.
error-method-title = Cette page ne se demande pas ainsi
error-method = Rien n’a été changé. Repartez de votre boîte.
error-expired-title = Cette page a attendu trop longtemps
error-expired = Rien n’a été changé. Rouvrez la page et recommencez.
error-form-title = Ce formulaire ne se lit pas
error-form = Rien n’a été changé. Rouvrez la page et recommencez.
error-large-title = Cet envoi est trop grand pour cette page
error-large = Rien n’a été changé. Rouvrez la page et recommencez.
error-ours-title = C’est de notre côté
error-ours = La page n’a pas pu être faite. Votre courrier est en sûreté. Essayez encore dans une minute.
error-home = Aller à ma boîte
error-guides = Configurer un appareil
