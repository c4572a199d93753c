## Avis par courrier : un message n’a pas été remis, ou tarde.
## Ce qui est, ce qui marche encore, ce qu’il faut faire.

notice-sender = Service de courrier
notice-failed-subject = Non remis : { $subject }
notice-delayed-subject = Pas encore remis : { $subject }
notice-no-subject = (sans objet)
notice-failed-lead = Votre message du { $date }, { $time }, n’est pas parvenu à ces destinataires :
notice-failed-end = Rien de plus n’est tenté pour eux. Vos autres destinataires ne sont pas concernés. L’en-tête de votre message est joint.
notice-failed-end-full = Rien de plus n’est tenté pour eux. Vos autres destinataires ne sont pas concernés. Votre message est joint.
notice-delayed-lead = Votre message du { $date }, { $time }, n’est pas encore parvenu à ces destinataires :
notice-delayed-end = Vous n’avez rien à faire : de nouveaux essais ont lieu jusqu’au { $date }, { $time }. S’ils échouent, vous en serez averti.
notice-delivered-subject = Remis : { $subject }
notice-delivered-lead = Votre message du { $date }, { $time }, a été remis à :
notice-delivered-end = Vous aviez demandé à en être averti. Cela ne dit pas s’il a été lu. L’en-tête de votre message est joint.
notice-relayed-subject = Transmis : { $subject }
notice-relayed-lead = Votre message du { $date }, { $time }, a été transmis au serveur de ces destinataires :
notice-relayed-end = Vous aviez demandé à en être averti. Ce serveur ne dit pas ce qu’il en advient ensuite. L’en-tête de votre message est joint.
notice-said = { $host } a répondu : { $text }
notice-ours = Ce qui s’est passé : { $text }
notice-meaning = Ce que cela veut dire : { $text }

## Ce que l’on sait d’un échec, d’après son code.

meaning-no-address = cette adresse n’existe pas là-bas. Vérifiez comment elle s’écrit.
meaning-no-domain = ce qui suit le @ ne désigne aucun lieu qui reçoive du courrier. Vérifiez comment cela s’écrit.
meaning-null-mx = ce qui suit le @ ne reçoit aucun courrier, son propriétaire le déclare. Demandez une autre adresse à la personne.
meaning-mailbox-off = la boîte existe et ne reçoit pas de courrier en ce moment. Joignez la personne autrement.
meaning-full = la boîte est pleine. La personne doit d’abord y faire de la place ; joignez-la autrement.
meaning-too-large = le message est plus gros que ce que ce serveur accepte. Envoyez un lien à la place de la pièce jointe.
meaning-loop = le message a tourné en rond entre des serveurs. La personne qui gère l’adresse du destinataire doit en vérifier les redirections.
meaning-unreachable = ce serveur était injoignable, ou la liaison s’est rompue. Le plus souvent cela vient de l’autre côté, et passe.
meaning-dns = le service de noms n’a pas dit où va ce courrier. Le plus souvent cela passe tout seul.
meaning-refused = ce serveur ne veut pas de ce message, par une règle qui lui est propre. Sa réponse dit pourquoi, si elle le dit.
meaning-not-believed = ce serveur n’a pas pu vérifier que le message vient de votre domaine. Montrez sa réponse à la personne qui gère votre adresse.
meaning-tls = ce serveur ne peut être joint avec le chiffrement demandé. Rien n’a été envoyé en clair.
meaning-unproved = ce serveur n’a pas pu prouver, par son certificat, qu’il est celui que son propriétaire promet. Rien n’a été envoyé, car quelqu’un pourrait s’être placé entre les deux. Qui gère l’adresse du destinataire doit y regarder.
meaning-unicode = ce serveur n’accepte pas les adresses avec des lettres comme é. Demandez à la personne une adresse sans.
meaning-expired = des essais ont eu lieu pendant des jours, en vain.
meaning-busy = ce serveur demande de revenir plus tard. Le plus souvent il prend alors le message.
