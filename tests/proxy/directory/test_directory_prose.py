"""French school prose without anybody in it gives no hit, whoever is in the directory."""

from __future__ import annotations

import pytest
from directory_people import index_of, person

COMMON_GIVEN = (
    *("Rose", "Marin", "Pierre", "Jean", "Violette", "Aurore", "Marie", "Grâce", "Olive", "Noël"),
    *("Claire", "Constance", "Prudence", "Iris", "Ange", "Roman", "Valentine", "Manuelle", "Avril"),
    *("Lou", "Jade", "Ambre", "Prune", "Victoire", "Modeste", "Juste", "Fleur", "Mai", "Ali"),
    *("Paul", "Charles", "Baptiste", "Louis", "Marguerite", "Clément", "Désiré", "Aimé", "Colombe"),
)
COMMON_FAMILY = (
    *("Petit", "Page", "Marin", "Rose", "Le", "Blanc", "Noir", "Grand", "Bon", "Roux", "Leclerc"),
    *("Boulanger", "Berger", "Marchand", "Chevalier", "Fontaine", "Rivière", "Forêt", "Dubois"),
    *("Maire", "Barre", "Mille", "Prince", "Moulin", "Vincent", "Barbier", "Du", "De", "La", "En"),
    *("Grâce", "Pierre", "Jean", "Paul", "Charles", "Baptiste", "Louis", "Legrand", "Joli"),
)
INDEX = index_of(
    [
        person(given, family, logins=(f"{given}.{family}".lower(),))
        for given in COMMON_GIVEN
        for family in COMMON_FAMILY
    ],
    ["lycee.example"],
)

PROSE = """
Le conseil de classe de la Sixième B se réunira le jeudi 12 mars à 17 h 30 dans la salle
polyvalente. Les élèves délégués rendront une page rose recto verso, écrite à la main, avant le
10 mars ; la vie scolaire n'acceptera aucun retard. Le petit marin de la fable a quitté le port
de pierre blanche ; il a vu le grand boulanger, le bon berger et la rivière noire, puis une olive
grand format sur une barre manuelle. En avril, mille fleurs roses couvrent la fontaine.

Madame la Principale rappelle que le règlement intérieur interdit le téléphone dans la cour. Un
marchand juste et modeste vend des prunes ; la marguerite, la violette et l'iris poussent en
forêt. La petite Ourse et la Grande Ourse se voient en mai, à l'aurore. Le roman Germinal est au
programme, ainsi que Le Petit Prince et le Grand Meaulnes ; on lira aussi les fables de l'époque.
Le prince noir, ange ou démon, roux comme un renard, mange une prune et dit : « Bon appétit ! »

Sortie au moulin : prévoir un pique-nique, une gourde et des chaussures de marche. Le chevalier
Bayard, sans peur et sans reproche, mourut en Italie. Rendez-vous devant la mairie ; le maire,
louis d'or en poche, accueillera les classes. L'addition : 12,50 € le repas, 3,20 € le goûter ;
numéro de dossier 2024-0312-77, salle B-204, code 4521, version 10.2.1, le 01.02.2024 à 08:30.

Physique-chimie : mesurer 0,25 mol de sulfate, 98,6 % de pureté, à 1013 hPa ; le pH vaut 7.
L'adresse du musée est contact@musee.example et son site www.musee-marin.example/page.html.
Vingt-quatre élèves, dont onze filles et treize garçons, ont choisi l'option « théâtre » ; les
autres, l'option « arts du cirque ». La victoire a été fêtée dans la joie, avec un joli gâteau
rose et une grâce toute particulière. Bien cordialement, l'équipe éducative.

Cantine : lundi, salade verte, poisson blanc, fromage ; mardi, soupe, rôti de veau, pomme ; jeudi,
carottes râpées, blanquette, mille-feuille. Les parents d'élèves qui souhaitent participer à la
fête de juin, le samedi après-midi, s'inscrivent avant le premier mai auprès du secrétariat. Un
berger allemand égaré, noir et blanc, a été vu près du moulin ; le propriétaire, barbier de son
état, est prié d'appeler la loge. Le sixième étage reste fermé. La commission menus lira vos idées.

ORDRE DU JOUR : BILAN DU TRIMESTRE, PROJETS DE SORTIE, QUESTIONS DIVERSES. Éducation physique et
sportive : le cross du collège partira du stade à 14 h. Noël approche : le marché de la place
vend du pain d'épices, de l'ambre et du jade. Jean-Baptiste Poquelin, dit Molière, et
Jean-Jacques Rousseau sont au programme de Quatrième ; Jean-Paul Sartre, de Terminale.
"""

JSON = (
    '{"id":"612345678901","title":"Devoir maison, chapitre 3","creationTime":'
    '"2024-03-12T10:11:12.345Z","maxPoints":20,"alternateLink":'
    '"https://classroom.example.com/c/NTQ2MTIz/a/ODc2/details","state":"PUBLISHED",'
    '"etag":"W/\\"9f86d081884c7d65\\"","latitude":48.85661400,"size":1048576}'
)


def hits(text: str, **options: bool) -> list[str]:
    return [text[m.start : m.end] for m in INDEX.find(text, **options)]


def test_prose_without_people_gives_no_hit():
    assert len(PROSE) > 2500
    assert hits(PROSE) == []


@pytest.mark.parametrize("spelling", [str.lower, lambda text: text.replace("'", "’")])
def test_nor_in_other_spellings(spelling):
    assert hits(spelling(PROSE)) == []


def test_nor_does_json_without_people():
    assert hits(JSON) == []


def test_the_same_directory_finds_its_people_in_that_prose():
    text = PROSE.replace("Madame la Principale", "Madame Rose Petit").replace("Bayard", "LE Marin")
    assert hits(text) == ["Rose Petit", "LE Marin"]
