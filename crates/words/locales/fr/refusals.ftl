## Refus : ce qui est, ce qui marche encore, ce qu’il y a à faire.
## Une ligne chacun ; ils partent aussi dans des réponses SMTP, IMAP et POP3.

refusal-credentials = L’adresse ou le mot de passe n’est pas le bon. Écrivez l’adresse entière, comme nom@exemple.fr, puis retapez le mot de passe.
refusal-encryption = Cette liaison n’est pas chiffrée. Choisissez SSL/TLS comme type de sécurité, pour le serveur entrant et pour le serveur sortant, ou faites admettre les appareils anciens pour cette boîte.
refusal-sign-in-required = L’envoi demande une connexion. Cochez « Connexion obligatoire » dans les paramètres du serveur sortant, avec l’adresse entière comme nom d’utilisateur.
refusal-busy = Le service est trop occupé pour vérifier le mot de passe. Rien n’est bloqué. Essayez encore dans une minute.
refusal-sender = Ce compte ne peut pas envoyer au nom de { $address }. Mettez l’adresse du compte comme expéditeur dans l’application de messagerie.
refusal-header = Le champ { $field } du message nomme { $address }, une adresse que ce compte ne peut pas utiliser. Mettez l’adresse du compte comme expéditeur dans l’application de messagerie.
refusal-no-from = Le message n’a pas de champ From qui dise qui l’a écrit. Mettez votre adresse comme expéditeur dans l’application de messagerie, puis renvoyez-le.
refusal-unknown-recipient = Il n’y a pas ici d’adresse { $address }. Vérifiez comment elle s’écrit.
refusal-not-hosted = Le courrier pour { $address } n’est pris ici que d’un utilisateur connecté. Depuis une application de messagerie, cochez « Connexion obligatoire » dans les paramètres du serveur sortant.
refusal-full = La boîte est pleine. Ce qui s’y trouve se lit encore ; le courrier y entrera de nouveau dès que des messages en seront retirés.
refusal-full-long = La boîte est pleine depuis des jours et ne prend plus de courrier. Joignez son propriétaire autrement.
refusal-too-large = Le message est trop grand : { $limit } au plus. Retirez une pièce jointe, ou envoyez-la en plusieurs messages.
refusal-header-too-long = L’en-tête du message est trop long : { $limit } au plus. Retirez-en des champs ou des destinataires.
refusal-forged = Le message se dit de { $domain }, qui demande qu’on refuse ce dont il ne répond pas (DMARC) : SPF { $spf }, DKIM { $dkim }. Envoyez-le par un serveur de { $domain }, ou faites nommer le vôtre dans son SPF.
refusal-too-fast-network = Trop de courrier est venu de ce réseau en peu de temps. Le reste est pris un peu plus tard : réessayez dans quelques minutes.
refusal-too-fast-sender = Trop de courrier est venu de cet expéditeur en peu de temps. Le reste est pris un peu plus tard : réessayez dans quelques minutes.
refusal-too-fast-recipient = Trop de courrier est venu pour ce destinataire en peu de temps. Le reste est pris un peu plus tard : réessayez dans quelques minutes.
refusal-listed = Le courrier de { $address } n’est pas pris ici, car la liste { $list } nomme cette adresse. Qui gère ce serveur peut l’en faire retirer, ou demander au postmaster d’ici.
refusal-listed-because = Le courrier de { $address } n’est pas pris ici, car la liste { $list } nomme cette adresse : { $reason }. Qui gère ce serveur peut l’en faire retirer.
refusal-bare-line-end = Une ligne du message finit par CR ou LF seul, ce qu’interdit la RFC 5321, section 2.3.8. Le programme qui envoie doit finir chaque ligne par CR LF.
refusal-loop = Ce message est passé par trop de serveurs : il tourne en rond. Vérifiez les redirections de l’adresse du destinataire.
refusal-disk-full = Le service n’a plus de place pour du nouveau courrier. Ce qui est gardé est en sûreté et se lit encore. Essayez plus tard.
refusal-temporary = C’est de notre côté : le service n’a pas pu le faire maintenant. Rien n’est perdu. Essayez plus tard.
refusal-no-such-mailbox = Il n’y a pas de dossier de ce nom. Actualisez la liste des dossiers.
refusal-mailbox-exists = Un dossier de ce nom existe déjà. Choisissez un autre nom.
refusal-mailbox-forbidden = Ce nom ne convient pas à un dossier, ou ce dossier ne se change pas ainsi. Choisissez un autre nom.
refusal-too-many-mailboxes = Ce compte a autant de dossiers qu’il peut en avoir. Ceux qui existent marchent comme avant. Supprimez-en un pour en créer un autre.
refusal-too-many-subscriptions = Ce compte est abonné à autant de dossiers qu’il peut l’être. Désabonnez-le de ceux qui ne servent plus.
refusal-too-many-keywords = Ce dossier connaît autant d’étiquettes qu’un dossier peut en avoir. Rien n’a changé. Prenez une étiquette qui y a déjà servi.
refusal-too-many-messages = Ce dossier a épuisé les numéros de ses messages. Ce qu’il contient se lit et se déplace encore. Continuez dans un nouveau dossier.
