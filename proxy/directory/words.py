"""Words that matching must know: particles of names, and words that are names as well.

One person in five bears a common French word as a surname (Petit, Rose, Marin, Page). A pair
made only of such words counts when it is written with capitals, never in lower case.
"""

from __future__ import annotations

PARTICLES = frozenset(
    b"de du des la le les van von der den dem ter ten ben bin ibn bint ould abd abu el al dos da "
    b"das do di del della dello delle degli dei san af av zu zum zur und et".split()
)
"""Written in lower case inside names that otherwise have capitals."""

TITLES = frozenset(
    b"m mm mr mrs ms mme mmes mlle miss dr pr prof monsieur madame mademoiselle maitre".split()
)
"""What stands before a family name alone."""

COMPOUND_HEADS = frozenset(
    b"jean marie anne pierre paul louis charles marc claude rose luc jose yves guy andre".split()
)
"""First halves of French compound given names: ``Jean-X`` is one given name, not a pair."""

COMMON_WORDS = frozenset(
    b"""
    abbe aigle aime aimee alba ambre ami amour ange anis anse april arc ardent argent arme art
    aube august aurore automne autumn avril baron barre bas basse basset beau bel belle berger
    bijou bis blanc blanche bled bleu bleue boeuf bois bon bonne bonnet bord borne bosquet bouc
    boucher boulanger boule boulet bourg bourgeois bourse bouvier bras brebis bref breton brin
    brise brosse brun brune bruyere buisson caillou canard capucine carre cassis castor cavalier
    cellier cerf cerise chalet chambre champ champion chance chant chapelle char charbon
    charpentier charron chat chateau chaud chemin chene cher cherie cheval chevalier chevre
    choux ciel clair claire clef clemente clementine clerc cloche clos coeur collet collier
    colline colombe comte constance constant coq corbeau corde cordier cornet cote couleur coup
    cour courage court couture couturier croix cuisinier cure daim dame dauphin dawn deux
    dimanche dore doux duc dur eclair ecuyer eglantine emeraude entier esperance est etang ete
    etoile faith fer ferme fermier fete feu fidele fille fin fleur flore foi fol fontaine foret
    forge forgeron fort fortune fosse four fourmi fournier fraise franc france franche frere
    frise froid fromage gaillard gain gallois garcon garde gardien gare gateau gaucher gay
    gentil givre gloire grace grain grand grande grandin grange granger gras gris gros grosse
    guerre guide haie harmonie haut haute herbe hermine heros hetre heureux hiver honnete honore
    hope humble image innocent iris jardin jardinier jasmin jeudi jeune joie joli jolie jonc
    jour journal joy joyeux juge juillet juin juste justice lac lame lance landes lapin large
    laurier lavande lavoir legende leger legere libre lievre lilas lion lis livre loir long
    longue loup lumiere lundi lune luth luthier madame magicien maire maison maitre malin mallet
    manche mandarine manuelle marais marbre marchand marche marechal marguerite mari marin
    marine maris marquis marron mars marteau martinet masse matin mauve may melodie menage
    mercier mercredi merle merveille meunier midi mille minet ministre mode modeste moine
    moineau mois mont montagne mort mouche moulin mousse mouton muet mur mure muse musique
    naturel neige neuf neuve noble noel noir noire noisette nord normand noyer nuit ocean olive
    ombre opale or orange ouest ours page paille pain paire palais palme pape papillon paradis
    parc parent parfait passe pasteur patience patient pecheur peintre pelletier perdrix perle
    pervenche petit petite peuple pie pigeon pin pinson piquet plaine plaisir plume poirier
    poisson poivre pomme pommier pont port porte portier potier potin pouce poulain prairie pre
    premier prince princesse printemps prosper prudence prune prunier puits raisin raison rat
    ravel regain reine renard reve ricard riche rien rivage riviere roche rocher roi roman
    romane rond ronde rose roseau rosee rosier rossignol rouge rousse route roux roy rubis rue
    ruelle sabre sage saint sainte salle samedi saphir sapin saule sauvage savoir sec secret
    seigneur sel serein sergent serpent serre severe simple singer soir soleil solide son source
    sourd sucre sud suisse summer tailleur talon tambour tanneur tard tempete temple tendre
    terre terrier theme thym tigre tisserand tonnelier tonnerre torrent tour tourneur toussaint
    trefle tresor tulipe univers vache vacher vaillant val valet vallee vapeur veau vendredi
    vent verdier verger verite vert verte vertu veuve victoire vie vieux vigne vigneron village
    ville vin violette violon vivant vive voisin vrai will zele
    """.split()
)
