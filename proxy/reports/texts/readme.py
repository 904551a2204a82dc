"""The README of an evidence file, French then English."""

README = """\
DOSSIER DE PREUVE
=================

report.html          le rapport ; report.json, le même pour des programmes
events/N.json        l'événement numéro N du journal, octet pour octet (sans saut de ligne)
proofs/N.tlog-proof  sa preuve d'inclusion (format C2SP tlog-proof)
MANIFEST             l'empreinte SHA-256 du rapport, de ce texte et des événements
manifest.tlog-proof  l'événement « evidence-made » du journal, qui contient l'empreinte de MANIFEST
checkpoint           le point de contrôle signé (C2SP signed-note, tlog-checkpoint)
key.vkey, keys/      la clé publique du journal, et celles qui ont pris la suite

Avec Préau :         preau report verify DOSSIER --key CLÉ
Sans Préau :
 1. sha256sum -c MANIFEST
 2. demander la clé publique du journal à l'établissement, par une autre voie ; la comparer à
    key.vkey (ou à la dernière de keys/)
 3. pour chaque preuve : la partie après la première ligne vide est un point de contrôle signé ;
    vérifier sa signature Ed25519 ; calculer SHA-256(0x00 || octets de events/N.json), remonter
    avec les empreintes de la preuve (RFC 6962, 2.1.1) et retrouver la racine du point de contrôle
 4. de même pour manifest.tlog-proof ; son événement (ligne « extra », en base64) porte
    l'empreinte SHA-256 de MANIFEST dans son champ « manifest »
Des outils tiers lisent ces formats : par exemple le paquet Python aics-tlog, ou
golang.org/x/mod/sumdb/note et tlog. Les formats : https://c2sp.org (signed-note,
tlog-checkpoint, tlog-proof).

Un événement ne contient ni nom, ni contenu, ni adresse de page. « client » est une empreinte
de l'appareil par une clé qui change chaque jour et que l'établissement détruit.

Les preuves montrent que les événements joints sont au journal. Que les nombres du rapport
soient justes se vérifie en recomptant le journal entier.


EVIDENCE FILE
=============

report.html          the report; report.json, the same for programs
events/N.json        event number N of the log, byte for byte (without newline)
proofs/N.tlog-proof  its proof of inclusion (format C2SP tlog-proof)
MANIFEST             the SHA-256 of the report, of this text and of the events
manifest.tlog-proof  the log's "evidence-made" event, which holds the digest of MANIFEST
checkpoint           the signed checkpoint (C2SP signed-note, tlog-checkpoint)
key.vkey, keys/      the log's public key, and those that took over from it

With Préau:          preau report verify FILE --key KEY
Without Préau:
 1. sha256sum -c MANIFEST
 2. ask the school for the log's public key by another way; compare it with key.vkey (or the
    last of keys/)
 3. for each proof: what follows its first empty line is a signed checkpoint; verify its
    Ed25519 signature; compute SHA-256(0x00 || bytes of events/N.json), climb with the
    hashes of the proof (RFC 6962, 2.1.1) and arrive at the checkpoint's root
 4. the same for manifest.tlog-proof; its event (line "extra", in base64) holds the SHA-256
    of MANIFEST in its field "manifest"
Third-party tools read these formats: for instance the Python package aics-tlog, or
golang.org/x/mod/sumdb/note and tlog. The formats: https://c2sp.org (signed-note,
tlog-checkpoint, tlog-proof).

An event holds neither name, nor content, nor page address. "client" is a hash of the device
by a key that changes every day and that the school destroys.

The proofs show that the enclosed events are in the log. That the report's numbers are right
is checked by counting the whole log again.
"""
