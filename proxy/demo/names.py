"""The names that the cast draws from: written by us, picked for how they look, not for whom.

The order carries weight: earlier names are drawn more often, as in a real school, so that
homonyms appear by themselves. ``TRAPS`` are pairs that break naive matching; each cast has them.
"""

GIVEN_NAMES = tuple(
    """
    Emma Louise Jade Alice Chloé Léa Manon Inès Camille Zoé Lina Sarah Juliette Clara Nina Romane
    Anna Élise Margaux Agathe Léonie Victoire Apolline Capucine Maëlle Noémie Océane Éloïse
    Clémence Hélène Gaëlle Solène Maïwenn Nolwenn Enora Yaëlle Aïcha Fatou Aminata Khadija Leïla
    Yasmine Samira Nour Assia Maryam Thi-Lan Mei Ayşe Zeynep Beatriz Inês Giulia Ludmila
    Aurore Blanche Violette Olive Prune Rose Iris Marguerite Ambre Perle Marine Céleste Désirée
    Anne-Sophie Marie-Ange Anne-Laure Lou-Anne Marie-Lou Rose-May
    Gabriel Léo Raphaël Arthur Louis Jules Adam Hugo Lucas Liam Noé Paul Nathan Éthan Maël Sacha
    Tom Théo Nolan Timéo Mathis Axel Antoine Clément Baptiste Valentin Rémi Rémy Loïc Joël
    François Cédric Jérôme Gaël Yann Ewen Malo Titouan Erwan Corentin Grégoire Côme Anatole
    Octave Zéphyr Barnabé Aurélien Célestin Mohamed Ibrahim Youssef Rayan Ilyès Moussa Ousmane
    Mamadou Bilal Idriss Karim Noâm Đức Łukasz Şahin Søren João Matteo Björn Mihai Olivier Marin
    Jean Pierre Martin Laurent Florent Constant Modeste Juste Aimé Prosper Urbain Clovis
    Jean-Baptiste Pierre-Louis Jean-Loup Paul-Émile Marc-Antoine Charles-Henri
    """.split()
)

FAMILY_NAMES = (
    *"""
    Martin Bernard Petit Moreau Lefèvre Garcia Fontaine Rousseau Mercier Blanc Guérin Boyer
    Garnier Chevalier Faure Perrin Morin Gauthier Marchand Duval Masson Marin Noël Lemaire
    Meunier Roche Picard Colin Vidal Renault Brunet Schmitt Barbier Arnaud Giraud Rolland Léger
    Caron Hubert Besson Fabre Carpentier Bourgeois Vasseur Bouvier Poirier Charpentier Lacroix
    Fleury Berger Baron Humbert Prévost Leblanc Tessier Rivière Boulanger Pelletier Bailly
    Barré Boucher Langlois Maillard Bertin Page Rose Grand Noir Roux Legrand Leroux Lejeune
    Levieux Printemps Février Lundi Dimanche Soleil Laforêt Dubois Duchêne Dupré Dumoulin
    Delarue Desvignes Destouches Duparc Villeneuve Châtelain Châtaigner Hérault Grévisse
    Brébeuf Cœurdacier Lebœuf Vœuvray Œillard Sœurette Ygrançon Françon Garçonnet Maçonneau
    Fauçonnier Aÿ Croÿ Nicolaÿ Goëlette Haÿs Naïkan Maïssa Noëllet Joëlic Gaëstel
    Kergoat Kervella Guivarc'h Floc'h Quéméneur Tanguy Riou Pennec Morvan Cloarec
    Etcheverry Harispe Ithurralde Uhart Bidegain Casanova Colonna Santoni Luciani Mattei
    Muller Klein Schneider Wagner Zimmermann Hoffstetter Spitz Strauss Krebs Vogt
     Vandenbroucke Deschuytter Declercq Verhaeghe Dewaele Lemahieu Plouvier
    Nguyen Trần Phạm Lê Huỳnh Đặng Li Wu Ng Ha Xu Yi Oh Kim Zhang
    Diallo Traoré Coulibaly N'Diaye N'Guessan M'Bow Keïta Sissoko Ouédraogo Kouassi Adébayo
    Benali Haddad Bouzid Chérif Mansouri Belkacem Aït-Ahmed Zerrouki
     Ferreira Gonçalves Magalhães Conceição Simões Fernández Núñez Ibáñez Peñalver
    Şimşek Yıldız Öztürk Kılıç Çelik Ağaoğlu Łuczak Wójcik Dąbrowski Źrebiec Kovačević Đurić
    Ștefănescu Țîrlea Dvořák Šťastný Novák Horváth Szőke Ødegård Åkesson Þórsson Ólafsdóttir
    """.split(),
    "Le Bihan",
    "Le Gall",
    "Le Goff",
    "Le Bris",
    "Le Dantec",
    "L'Hostis",
    "L'Hermitte",
    "de Brissac-Menou",
    "de La Tourvelle",
    "de Saint-Amour",
    "de l'Estang",
    "du Plessy",
    "du Bois de Lune",
    "des Moulières",
    "d'Orvilliers",
    "d'Arcenay",
    "d'Hautefeuille",
    "Saint-Aubert",
    "Sainte-Colombe",
    "Martin-Faure",
    "Petit-Colin",
    "Roche Vidal",
    "Van Damme",
    "Van der Elst",
    "Von Arnsberg",
    "El Amrani",
    "El Idrissi",
    "Ben Youssef",
    "Da Silva",
    "Da Costa Reis",
)

TRAPS = (
    ("Jean-Pierre", "Le Gall"),  # a compound given name, then a name of two words
    ("Jean", "Pierre"),  # the pair that hides inside the one above
    ("Marie Anne", "de La Tourvelle"),  # a compound with a space, a particle with capitals
    ("Marie-Anne", "Tourvelle"),  # nearly the same once hyphens and particles are gone
    ("Éloïse", "d'Orvilliers"),  # an apostrophe and accents
    ("Zoé", "N'Guessan"),  # an apostrophe after one letter
    ("Łukasz", "Dąbrowski"),  # letters outside Latin-1
    ("Ayşe", "Şimşek"),
    ("Thi-Lan", "Đặng"),  # letters with two marks
    ("Mei", "Li"),  # very short
    ("Yi", "Ng"),
    ("Rose", "Petit"),  # both names are words
    ("Marin", "Page"),
    ("Pierre", "Blanc"),
    ("Aimé", "Dimanche"),
    ("Martin", "Martin"),  # the same value twice
    ("Paul", "Jean-Baptiste"),  # a family name that is a given name
    ("Hélène", "Lebœuf"),  # a ligature
    ("François", "Garçonnet"),  # cedillas
    ("Anatole", "Croÿ"),  # ÿ, whose capital is outside Latin-1
    ("Côme", "du Bois de Lune"),  # four words
    ("Léa", "Martin-Faure"),  # two families
    ("Björn", "Þórsson"),
    ("Marie-Lou", "Sainte-Colombe"),
    ("Noël", "Noël"),
    ("Ewen", "Guivarc'h"),  # an apostrophe inside
)
