"""The labelled tables held out: written before the scan was measured, and the scan was not adjusted to what it says of them."""

import random

from benchmarks.privacy_samples import (
    Table,
    date,
    empty,
    health,
    iban,
    of,
    of_words,
    often,
    pension,
    plain_letters,
    spaced,
    table,
    tax_id,
)

# About a fifth of them are not among the common ones, as in any list of a city's inhabitants.
_FIRST = of_words(
    "Stefanie Markus Lukas Hannah Emma Finn Paul Renate Gerhard Dieter Heike Susanne Christian Daniel Melanie Nicole Tobias Jan "
    "Philipp Marie Sophie Elif Mustafa Hüseyin Zeynep Agnieszka Piotr Luca Francesca Dimitrios Thekla Enno Fenja Oksana Chidi Linh "
    "Nilüfer Bohdan Karl-Otto Eva-Maria"
)
_LAST = (
    "Mustermann",
    "Musterhof",
    "Platzhalter",
    "Beispielsen",
    "Proband",
    "Vorlage",
    "zu Muster",
    "Muster-Vorlage",
    "Beispielring",
)
_STREETS = (
    "Vorlagenstr.",
    "Musterallee",
    "Auf der Probe",
    "Im Beispielgrund",
    "Platzhalterdamm",
    "Stefanie-Muster-Ring",
)


def tables() -> list[Table]:
    """Make the tables."""
    draw = random.Random(20_26)
    first, last, street = of(draw, *_FIRST), of(draw, *_LAST), of(draw, *_STREETS)

    def full() -> str:
        return f"{first()} {last()}"

    def turned() -> str:
        return f"{last()}, {first()}"

    def mail() -> str:
        return f"{plain_letters(first())[0]}.{plain_letters(last())}@amt.example"

    def firm_mail() -> str:
        return f"{plain_letters(first())}_{plain_letters(last())}@firma.example"

    def private_mail() -> str:
        return f"{draw.choice(('blume', 'radler', 'opa', 'mausi'))}{draw.randint(50, 99)}@{draw.choice(('t-online.de', 'yahoo.de', 'outlook.com'))}"

    def role_mail() -> str:
        return draw.choice(
            (
                "strassenbau@stadt.example",
                "liegenschaften@stadt.example",
                "buergertelefon115@stadt.example",
                "kita-loewenzahn@traeger.example",
                "jugendhilfe.ost@stadt.example",
                "amt66@stadt.example",
                "grundschule.am.park@schulen.example",
                "wertstoffhof@eigenbetrieb.example",
                "leitstelle.verkehr@stadt.example",
                "freiwillige.feuerwehr@stadt.example",
                "ortsbeirat1@stadt.example",
            )
        )

    def mobile() -> str:
        head, rest = draw.choice(("152", "155", "159", "162", "171", "175", "179")), f"{draw.randint(2000000, 9999999)}"
        return draw.choice(
            (
                f"0{head}/{rest[:3]} {rest[3:]}",
                f"+49{head}{rest}",
                f"(0{head}) {rest}",
                f"0049 {head} {rest}",
                f"0{head}-{rest}",
            )
        )

    def office() -> str:
        return draw.choice(("06151/13-{0}", "(069) 212 {1}", "+49 (0)611 31 {0}", "0611-31{0}")).format(
            draw.randint(1000, 9999), draw.randint(30000, 49999)
        )

    def landline() -> str:
        return draw.choice(("(06151) {0}", "069-{0}", "+49 611 {0}", "06151/{0}")).format(draw.randint(500000, 999999))

    def address() -> str:
        return f"{street()} {draw.randint(1, 99)}{draw.choice(('', '', 'a', ' b'))}"

    def number() -> str:
        return str(draw.randint(1, 9999))

    def decimal() -> str:
        return f"{draw.randint(1, 99)},{draw.randint(0, 99):02d}"

    def plate() -> str:
        return f"{draw.choice(('MTK', 'DI', 'GG', 'HG', 'DA', 'F'))} {draw.choice('KLMNP')}{draw.choice(('', 'R', 'T'))} {draw.randint(10, 999)}"

    def sentence() -> str:
        return draw.choice(
            (
                "Die Laterne an der Ecke flackert seit Tagen.",
                "Bitte den Spielplatz besser reinigen!",
                "Radweg zugeparkt, Höhe Hausnummer 12.",
                "Kein Befund bei der Kontrolle im Herbst.",
                "Am 12.03.2024 erledigt, Auftrag 0815/4711.",
            )
        )

    return [
        table("Ehrenamtskarte", 24, ("lfd. Nr.", "", number), ("Inhaber", "person-name", full), ("Wohnanschrift", "private-address", address), ("gültig bis", "", lambda: date(draw, 2025, 2028))),
        table("Kleingärten", 30, ("Parzelle", "", number), ("Pächter", "person-name", turned), ("Tel.", "private-phone", landline), ("Fläche m²", "", decimal)),
        table("Grabnutzung", 20, ("Grab", "", lambda: f"F{draw.randint(1, 40)}-{draw.randint(1, 200)}"), ("Nutzungsberechtigte", "person-name", full), ("Handynr.", "mobile-number", mobile)),
        table("Schulanmeldung", 20, ("Name Kind", "person-name", full), ("Geb.-Dat.", "birth-date", lambda: date(draw, 2017, 2020)), ("Grundschule", "", of(draw, "Käthe-Kollwitz-Schule", "Schule am Ried"))),
        table("Anmeldungen Ferienspiele", 20, ("Vor- und Nachname", "person-name", full), ("Mailadresse", "personal-email", firm_mail), ("Allergien", "", of(draw, "keine", "Nüsse", ""))),
        table("Mitarbeitende", 20, ("Dienststelle", "", of(draw, "Amt 61", "Amt 66")), ("last_name", "person-name", last), ("first name", "person-name", first), ("mail", "personal-email", mail), ("Durchwahl", "", office)),
        table("Wohngeld", 25, ("Aktenz.", "", lambda: f"50-{draw.randint(1000, 9999)}/24"), ("Antragsteller/in", "person-name", turned), ("Straße", "private-address", address), ("Bankverbindung", "bank-account", lambda: iban(draw))),
        table("Auszahlung", 25, ("Konto", "bank-account", often(draw, 0.7, lambda: iban(draw), empty)), ("EUR", "", decimal)),
        table("Vereine", 15, ("Verein", "", of(draw, "TSV Ost 1899", "Musikzug West e.V.")), ("Anmerkung", "bank-account", often(draw, 0.3, lambda: f"Spenden: {spaced(iban(draw), 4, 4, 4, 4, 4)} (Volksbank)", sentence))),
        table("Dozenten", 20, ("IdNr", "tax-id", lambda: tax_id(draw)), ("Stunden", "", number)),
        table("Dozenten alt", 20, ("Merkmal", "tax-id", often(draw, 0.9, lambda: spaced(tax_id(draw), 2, 3, 3), lambda: "fehlt")), ("Stunden", "", number)),
        table("Vermerke", 20, ("Vermerk", "tax-id", often(draw, 0.2, lambda: f"Steueridentifikationsnummer {tax_id(draw)} nachgereicht", sentence))),
        table("Minijobs", 20, ("Rentenversicherungsnr.", "pension-number", lambda: spaced(pension(draw), 2, 6, 1))),
        table("Minijobs alt", 20, ("Nr. 2", "pension-number", lambda: pension(draw)), ("Std", "", number)),
        table("Impfung", 20, ("Krankenversichertennummer", "health-number", lambda: health(draw)), ("Dosis", "", of(draw, "1", "2"))),
        table("Impfung alt", 40, ("Code", "health-number", lambda: health(draw)), ("Dosis", "", of(draw, "1", "2"))),
        table("Anrufe", 30, ("Anliegen", "person-in-text", often(draw, 0.15, lambda: f"{draw.choice(('Fr.', 'Frau', 'Hr.', 'Herr'))} {last().split()[-1]} bittet um Rückruf", sentence))),
        table("Mängelmelder", 30, ("Beschreibung", "mobile-number", often(draw, 0.1, lambda: f"Rückruf: {mobile()}, danke", sentence))),
        table("Mängelmelder 2", 30, ("Beschreibung", "personal-email", often(draw, 0.1, lambda: f"Infos an {private_mail()} bitte", sentence))),
        table("Mängelmelder 3", 30, ("Beschreibung", "licence-plate", often(draw, 0.1, lambda: f"Autowrack, Kennzeichen {plate()}, seit Wochen", sentence))),
        table("Bestattungen", 20, ("Notiz", "birth-date", often(draw, 0.3, lambda: f"Tochter, geboren am {date(draw, 1950, 1990)}, ist Erbin", sentence))),
        table("Parkausweise", 25, ("Kfz-Kz.", "licence-plate", plate), ("Zone", "", of(draw, "A1", "B2", "C3"))),
        table("Sprechstunde", 12, ("Ansprechperson", "person-name", often(draw, 0.6, full, lambda: "N. N.")), ("Zimmer", "", number)),
        table("Zuständigkeit", 12, ("Bezirk", "", of(draw, "Nord", "Süd")), ("zuständig", "person-in-text", lambda: f"Frau {full()}" if draw.random() < 0.5 else f"Herr {full()}")),
        table("Leihräder", 25, ("Kunde", "person-name", full), ("Ausleihe", "", lambda: date(draw, 2024, 2024, "{y}-{m:02d}-{d:02d} 08:15"))),
        table("Rufbus", 25, ("Fahrgast", "person-name", lambda: full().upper()), ("Abholung", "private-address", address), ("Kontakt", "mobile-number", mobile)),
        table("Jubiläen", 15, ("Jubilar", "person-name", lambda: f"{draw.choice(('Dr. ', '', ''))}{full()}"), ("Alter", "", of(draw, "80", "85", "90"))),
        table("Chöre", 15, ("Chor", "", of(draw, "Kantorei Süd", "Gospel Now")), ("Chorleitung", "person-name", full), ("E-Mail", "personal-email", often(draw, 0.6, private_mail, lambda: "chor@verein.example"))),
        table("Sportstätten", 20, ("Name", "", of(draw, "Paul-Muster-Halle", "Sporthalle am Ring", "Erika Vorlage Stadion")), ("Hausmeister", "person-name", full), ("Diensthandy", "", mobile)),
        table("Newsletter", 30, ("adresse", "personal-email", private_mail)),
        table("Umfrage", 30, ("Geburtsdatum der Mutter", "birth-date", lambda: date(draw, 1960, 2000, "{d}.{m}.{y}")), ("Note", "", of(draw, "1", "2", "3"))),
        table("Meldungen", 20, ("melder", "person-name", often(draw, 0.3, full, lambda: "anonym")), ("Datum", "", lambda: date(draw, 2023, 2025))),
        table("Leerstand", 20, ("Objekt", "private-address", address), ("Eigentümer", "person-name", often(draw, 0.5, full, of(draw, "Vorlage Immobilien GmbH", "Stadt", "Erbengemeinschaft")))),
        # Innocent ones.
        table("Bürgerbüros", 15, ("Standort", "", of(draw, "Bürgerbüro West", "Rathaus")), ("Telefon", "", office), ("Fax", "", office), ("E-Mail", "", role_mail), ("Adresse", "", address)),
        table("Apotheken", 20, ("Name", "", of(draw, "Löwen-Apotheke", "Apotheke Dr. Vorlage", "Stefanie Muster Apotheke")), ("Telefon", "", landline), ("Straße", "", address)),
        table("Ärzte", 20, ("Praxis", "", of(draw, "Praxis Dr. med. Vorlage", "Gemeinschaftspraxis Dr. Muster und Dr. Vorlage", "MVZ Süd")), ("Telefon", "", landline)),
        table("Stadtteile", 20, ("Stadtteil", "", of(draw, "Bessungen", "Sankt Ludwig", "Berg am Laim", "Klarenthal")), ("Einwohner", "", lambda: str(draw.randint(3000, 30000)))),
        table("Straßennamen", 25, ("Name", "", of(draw, "Heinrich-Muster-Platz", "An der Ziegelhütte", "Sophie-Vorlage-Weg")), ("Namensgeber", "", of(draw, "Heinrich Muster", "Sophie Vorlage")), ("Erläuterung", "", of(draw, "Ärztin, geb. 4.5.1921, gest. 6.7.2001", "Maler (geb. 1.1.1811)", "nach der alten Ziegelhütte"))),
        table("Stolpersteine", 20, ("Inschrift", "", lambda: f"Hier wohnte {full()}, Jg. 1901, deportiert 1942, ermordet"), ("Geboren", "", lambda: date(draw, 1870, 1905))),
        table("Pflanzen", 30, ("botanisch", "", of(draw, "Viola odorata", "Iris germanica", "Veronica persica", "Robinia pseudoacacia")), ("Sorte", "", of(draw, "Rosa 'Gloria Dei'", "Malus 'Roter Berlepsch'", "Tulipa 'Queen of Night'"))),
        table("Apfelsorten", 30, ("Sorte", "", of(draw, "Gravensteiner", "Kaiser Wilhelm", "Ontario", "Jakob Lebel", "Geheimrat Oldenburg", "Boskoop", "Landsberger Renette", "Rheinischer Bohnapfel"))),
        table("Gaststätten", 20, ("Betrieb", "", of(draw, "Zum Goldenen Löwen", "Pizzeria Luca", "Café Emma", "Bei Mustafa", "Gasthaus Anton"))),
        table("Gewerbe", 30, ("Firma", "", of(draw, "Markus Platzhalter KG", "Autohaus Vorlage GmbH & Co. KG", "Friseursalon Heike", "Dachdeckerei Jan Muster", "Paul Vorlage Elektrotechnik")), ("Branche", "", of(draw, "Handel", "Bau"))),
        table("Haltestellen", 20, ("Name", "", of(draw, "Willy-Brandt-Platz", "Anne-Frank-Straße", "Frankensteiner Straße")), ("IFOPT", "", lambda: f"de:06411:{draw.randint(1000, 9999)}")),
        table("Messwerte", 40, ("Station", "", lambda: f"DEHE{draw.randint(1, 99):03d}"), ("Zeit", "", lambda: date(draw, 2020, 2025, "{d:02d}.{m:02d}.{y} 17:15")), ("Wert", "", decimal)),
        table("Kanal", 40, ("Haltung", "", lambda: str(draw.randint(10**10, 2 * 10**10))), ("Schacht", "", lambda: f"K{draw.randint(10**8, 10**9 - 1)}"), ("Länge", "", decimal)),
        table("Verträge", 30, ("Vertragsnr.", "", lambda: f"{draw.randint(10, 99)}{draw.randint(1, 31):02d}{draw.randint(1, 12):02d}{draw.randint(10, 99)}{draw.choice('ABC')}{draw.randint(100, 999)}"), ("Wert", "", decimal)),
        table("Buchungen", 40, ("Buchungs-ID", "", lambda: f"AT{draw.randrange(10**18):018d}"), ("IBAN geprüft", "", of(draw, "ja", "nein"))),
        table("Leihgaben", 30, ("Signatur", "", lambda: f"{draw.choice('DFW')}-{draw.choice('AB')} {draw.randint(1, 999)}"), ("Autor", "", turned), ("Titel", "", of(draw, "Frau Jenny Treibel", "Herr Lehmann", "Der Zauberberg"))),
        table("Kennzeichen", 20, ("Kennzeichen", "", of(draw, "vorläufig", "endgültig", "A", "B")), ("Wert", "", number)),
        table("Zuzug", 20, ("Jahrgang", "", lambda: str(draw.randint(1940, 2020))), ("Anzahl", "", lambda: str(draw.randint(3, 500)))),
        table("Wetter", 20, ("Sturmtief", "", of(draw, "Sabine", "Xaver", "Ylenia", "Zeynep")), ("Böe", "", decimal)),
        table("Hunde", 20, ("Hundename", "", of(draw, "Luna", "Bello", "Emma", "Paul")), ("Anzahl", "", lambda: str(draw.randint(3, 90)))),
        table("Wahlen", 15, ("Kandidat", "", full), ("Stimmen", "", number)),
        table("Oberbürgermeister", 12, ("Oberbürgermeister", "", full), ("von", "", lambda: date(draw, 1950, 2020))),
        table("Notrufe", 10, ("Dienst", "", of(draw, "Giftnotruf", "Sperr-Notruf")), ("Nummer", "", of(draw, "116 116", "0800 1110111", "06131 19240", "112")), ("Mail", "", role_mail)),
        table("Ladepunkte", 25, ("EVSE-ID", "", lambda: f"DE*SWD*E{draw.randrange(10**6):06d}"), ("Hotline", "", of(draw, "+49 800 1234567", "+49 6151 709-0"))),
        table("Bauvorhaben", 25, ("Vorhaben", "", of(draw, "Neubau Kita Sophie-Scholl", "Sanierung Haus Beispiel", "Umbau Musterhof")), ("Az", "", lambda: f"63-{draw.randint(100, 999)}-{draw.randint(20, 25)}")),
        table("Kirchen", 12, ("Name", "", of(draw, "Liebfrauenkirche", "Kirche Unserer Lieben Frau", "St. Josef", "Paulskirche", "Martin-Luther-Gemeinde"))),
        table("Beteiligung", 25, ("Beitrag", "", of(draw, "Mehr Bäume für die Innenstadt!", "Herr Oberbürgermeister, bitte handeln!", "Frauenparkplätze fehlen", "Tempo 30 in der Robert-Muster-Straße"))),
        table("Spielgeräte", 25, ("Gerät", "", of(draw, "Max und Moritz Wippe", "Schaukel", "Rutsche Willi")), ("Prüfdatum", "", lambda: date(draw, 2020, 2025))),
        table("Museen", 12, ("Haus", "", of(draw, "Museum Anna Vorlage", "Heinrich-Muster-Haus", "Kunsthalle")), ("Leitung", "person-name", full)),
        table("Brunnen", 20, ("Stifter", "", of(draw, "Bürgerverein Ost", "Sparkasse", "Stadt")), ("Baujahr", "", lambda: str(draw.randint(1800, 2000)))),
        table("Funkzellen", 30, ("SIM", "", lambda: f"8949{draw.randrange(10**15):015d}"), ("Gerät", "", lambda: f"{draw.randrange(10**15):015d}")),
        table("Barcodes", 30, ("EAN", "", lambda: f"40{draw.randrange(10**11):011d}"), ("ISBN", "", lambda: f"978-3-{draw.randint(10, 99)}-{draw.randint(100000, 999999)}-{draw.randint(0, 9)}")),
    ]  # fmt: skip
