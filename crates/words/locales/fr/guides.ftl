## Guides : la liste, et les phrases dont chaque guide est fait.

guides-name = Guides
guides-title = Configurer un appareil
guides-lead = Chaque guide nomme les écrans de l’appareil, dans l’ordre, et dit quoi mettre dans chaque champ.
guides-lead-own = Les valeurs sont déjà les vôtres.
guides-lead-generic = Ouvrez d’abord votre boîte et les valeurs seront les vôtres.
guides-device = Appareil
guides-protocol = Guide
guides-imap = en IMAP
guides-pop3 = en POP3
guides-choice-title = IMAP ou POP3 ?
guides-choice-imap = **IMAP** : le courrier reste sur le service ; tous vos appareils montrent la même chose. À prendre dans le doute.
guides-choice-pop3 = **POP3** : l’appareil vient chercher une copie. Convient à un seul appareil, ou à une liaison lente.
guides-any = Toute autre application
guides-any-where = téléphone, tablette, ordinateur
guides-android-name = E-mail, Android 4.1.2
guides-android-where = tablette ou téléphone de 2012
guides-any-link = les valeurs à taper
guide-in = en { $protocol }
guide-other = passer en { $protocol }
guide-steps = Étapes
guide-step = étape { $number } sur { $count }
guide-values-own = Vos propres valeurs. Une coche : c’est déjà juste, n’y touchez pas.
guide-values-generic = Une coche : c’est déjà juste, n’y touchez pas.
guide-before-need = Ayez sous la main votre adresse entière et le mot de passe de votre boîte.
guide-before-old-on = **C’est un appareil ancien.** Son chiffrement est trop ancien pour ce service : cette application ne se connecte que sans chiffrement. Les appareils anciens sont **admis** pour votre boîte.
guide-before-old-off = **C’est un appareil ancien.** Son chiffrement est trop ancien pour ce service : cette application ne se connecte que sans chiffrement, et les appareils anciens ne sont **pas admis** pour votre boîte. Demandez-le d’abord à qui gère votre adresse.
guide-before-old-generic = **C’est un appareil ancien.** Son chiffrement est trop ancien pour ce service : cette application ne se connecte que sans chiffrement. Qui gère votre adresse doit admettre les appareils anciens pour votre boîte.
guide-already = déjà juste :
guide-all = Tout le guide sur une page
guide-one = Étape par étape
guide-step-button = Étape { $number }
guide-breadcrumb = Fil des pages
guide-example-name = prenom.nom
guide-fault = Message
guide-remedy = Que faire

## Ce qu’on fait d’un champ

guide-write = **{ $label }** : écrivez `{ $value }`
guide-write-address = **{ $label }** : écrivez votre adresse entière, comme `{ $example }`
guide-write-password = **{ $label }** : écrivez celui de votre boîte
guide-check = **{ $label }** : vérifiez `{ $value }`
guide-right = **{ $label }** : déjà `{ $value }`
guide-right-address = **{ $label }** : déjà votre adresse entière
guide-right-password = **{ $label }** : déjà celui de votre boîte
guide-leave = **{ $label }** : laissez **{ $value }**
guide-leave-empty = **{ $label }** : laissez ce champ vide
guide-leave-ticked = **{ $label }** : laissez la case cochée
guide-leave-ticked-also = **{ $label }** (sur certaines tablettes, **{ $also }**) : laissez la case cochée
guide-as-you-like = **{ $label }** : comme vous voulez
guide-touch = Touchez **{ $label }**
guide-touch-also = Touchez **{ $label }** (sur certaines tablettes, **{ $also }**)

## Toute application

any-title = Toute application de messagerie
any-lead = Les noms des champs changent d’une application à l’autre ; les valeurs, non.
any-step-add = Ajouter un compte
any-step-incoming = Serveur entrant
any-step-outgoing = Serveur sortant
any-step-proof = Essai
any-add = Dans l’application, ajoutez un compte et choisissez la configuration manuelle.
any-add-type = Comme type de compte, prenez **IMAP**. **POP3** convient si cet appareil est le seul.
any-user = Nom d’utilisateur : `{ $value }`
any-user-generic = Nom d’utilisateur : votre adresse entière, comme `{ $example }`, jamais sa première moitié seule
any-password = Mot de passe : celui de votre boîte
any-imap = Serveur IMAP : `{ $host }`, port `{ $port }`, sécurité **SSL/TLS**
any-pop3 = ou serveur POP3 : `{ $host }`, port `{ $port }`, sécurité **SSL/TLS**
any-smtp = Serveur SMTP : `{ $host }`, port `{ $port }`, sécurité **SSL/TLS**
any-sign-in = Authentification : **oui**, par mot de passe normal, avec les mêmes nom et mot de passe
any-starttls = Si l’application n’a que STARTTLS : ports `{ $imap }` (IMAP), `{ $pop3 }` (POP3) et `{ $submission }` (envoi).
any-proof = Envoyez-vous un message. S’il arrive, les deux serveurs sont bien réglés.
any-certificate = **Si l’application doute du certificat**, demandez à qui gère le service si c’est attendu. Accepter sans savoir, c’est peut-être donner le mot de passe à quelqu’un d’autre.
