"""The labelled tables against which the scan for personal data was adjusted."""

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

_FIRST = of_words(
    "Erika Max Anna Peter Sabine Thomas Monika Klaus Julia Andreas Petra Michael Ursula Wolfgang Leonie Mehmet Ayşe Giovanni "
    "Fatma Jürgen Karl-Heinz Hans-Peter Anna-Lena Olga Katharina Björn Günther Zoé Thi-Mai Aleksej"
)
_LAST = ("Muster", "Mustermann", "Musterfrau", "Beispiel", "Probe", "Muster-Beispiel", "von Muster", "Exempel")
_STREETS = (
    "Musterstraße",
    "Beispielweg",
    "Am Probefeld",
    "Probegasse",
    "Exempelplatz",
    "Erika-Muster-Straße",
    "Frau-Holle-Weg",
)


def tables() -> list[Table]:
    """Make the tables."""
    draw = random.Random(1)
    first, last, street = of(draw, *_FIRST), of(draw, *_LAST), of(draw, *_STREETS)
    made: list[Table] = []

    def full() -> str:
        return f"{first()} {last()}"

    def mail() -> str:
        return f"{plain_letters(first())}.{plain_letters(last())}@stadt.example"

    def private_mail() -> str:
        return f"{plain_letters(first())}{draw.randint(1, 99)}@{draw.choice(('gmx.de', 'web.de', 'gmail.com'))}"

    def role_mail() -> str:
        return (
            draw.choice(
                ("info", "poststelle", "kita.nordend", "umweltamt", "buergerbuero-mitte", "stadtplanung", "museum")
            )
            + "@stadt.example"
        )

    def mobile() -> str:
        number = f"{draw.choice(('0151', '0160', '0170', '0176', '0157'))} {draw.randint(1000000, 99999999)}"
        return draw.choice((number, number.replace("0", "+49 ", 1), number.replace(" ", "/")))

    def office() -> str:
        return draw.choice(("06151 13-{}", "069 212-3{}", "0611 31-{}", "+49 6151 13{}")).format(
            draw.randint(1000, 9999)
        )

    def landline() -> str:
        return draw.choice(("06151 {}", "069 {}", "0611/{}")).format(draw.randint(400000, 999999))

    def address() -> str:
        return f"{street()} {draw.randint(1, 140)}"

    def number() -> str:
        return str(draw.randint(1, 99999))

    made += [
        table("Baumpaten", 20, ("Nr", "", number), ("Vorname", "person-name", first), ("Nachname", "person-name", last), ("Straße", "private-address", address), ("E-Mail", "personal-email", private_mail), ("Mobil", "mobile-number", mobile)),
        table("Patenschaften", 20, ("Baum", "", number), ("Pate", "person-name", full), ("seit", "", lambda: date(draw, 2015, 2025))),
        table("Ansprechpartner", 15, ("Amt", "", of(draw, "Grünflächenamt", "Tiefbauamt")), ("Ansprechpartner", "person-name", lambda: f"{last()}, {first()}"), ("Telefon", "", office), ("Mail", "personal-email", mail)),
        table("Kontakte", 15, ("Dienststelle", "", of(draw, "Bürgeramt Mitte", "Standesamt")), ("Telefon", "", office), ("E-Mail", "", role_mail)),
        table("Hundesteuer", 30, ("Halter", "person-name", full), ("Anschrift", "private-address", address), ("Telefon", "private-phone", landline), ("Rasse", "", of(draw, "Dackel", "Pudel", "Mischling"))),
        table("Förderung", 20, ("Empfänger", "", of(draw, "Verein Regenbogen e. V.", "Muster GmbH", "Sportgemeinschaft Ost")), ("IBAN", "bank-account", lambda: spaced(iban(draw), 4, 4, 4, 4, 4)), ("Betrag", "", number)),
        table("Honorare", 20, ("Steuer-ID", "tax-id", lambda: spaced(tax_id(draw), 2, 3, 3)), ("Betrag", "", number)),
        table("Honorare 2", 40, ("Kennung", "tax-id", lambda: tax_id(draw)), ("Betrag", "", number)),
        table("Personal", 20, ("SV-Nummer", "pension-number", lambda: pension(draw)), ("Geburtsdatum", "birth-date", lambda: date(draw, 1950, 2005))),
        table("Pflege", 30, ("Versicherte", "health-number", lambda: health(draw)), ("Stufe", "", of(draw, "1", "2", "3"))),
        table("KVNR", 10, ("KVNR", "health-number", lambda: health(draw))),
        table("Beschwerden", 25, ("Meldung", "person-in-text", often(draw, 0.2, lambda: f"Rückruf bei Frau {last()} erbeten", of(draw, "Schlagloch", "Ampel defekt", "Müll neben dem Container")))),
        table("Beschwerden 2", 25, ("Text", "mobile-number", often(draw, 0.1, lambda: f"Bitte melden unter {mobile()}", of(draw, "Schlagloch vor dem Haus", "Bank kaputt")))),
        table("Beschwerden 3", 25, ("Text", "personal-email", often(draw, 0.1, lambda: f"Antwort an {private_mail()} senden", of(draw, "Baum umgestürzt", "Laterne aus")))),
        table("Beschwerden 4", 25, ("Hinweis", "birth-date", often(draw, 0.2, lambda: f"{full()}, geb. {date(draw, 1940, 2000)}, hat angerufen", of(draw, "erledigt", "offen")))),
        table("Erstattungen", 25, ("Hinweis", "bank-account", often(draw, 0.1, lambda: f"bitte auf {iban(draw)} überweisen", empty))),
        table("Falschparker", 25, ("Kennzeichen", "licence-plate", lambda: f"{draw.choice(('DA', 'F', 'WI', 'OF'))}-{draw.choice('ABCXY')}{draw.choice('ABC')} {draw.randint(1, 9999)}"), ("Ort", "", address)),
        table("Jubilare", 15, ("Name", "person-name", full), ("geb.", "birth-date", lambda: date(draw, 1925, 1940))),
        table("Wahlhelfer", 15, ("Familienname", "person-name", last), ("Telefon privat", "private-phone", landline)),
        table("Kinder", 15, ("Kind", "person-name", full), ("Geburtstag", "birth-date", lambda: date(draw, 2015, 2024, "{y}-{m:02d}-{d:02d}"))),
        table("Kita-Plätze", 15, ("Einrichtung", "", of(draw, "Kita Frau Holle", "Kita Max und Moritz", "Kita St. Elisabeth")), ("Mail", "", of(draw, "kita.frau.holle@traeger.example", "st.elisabeth@kirche.example")), ("Plätze", "", number)),
        table("Straßen", 20, ("Straße", "", of(draw, "Paul-Ehrlich-Straße", "Anna-Muster-Weg", "Karl-Marx-Allee", "Berliner Straße")), ("benannt nach", "", of(draw, "Paul Ehrlich", "Anna Muster", "Karl Marx"))),
        table("Bäume", 30, ("Art", "", of(draw, "Rosa canina", "Erica carnea", "Tilia cordata", "Acer platanoides")), ("Deutsch", "", of(draw, "Hunds-Rose", "Schneeheide", "Winterlinde")), ("Standort", "", address), ("Pflanzdatum", "", lambda: date(draw, 1950, 2020))),
        table("Firmen", 20, ("Firma", "", of(draw, "Peter Muster GmbH", "Bäckerei Anna Beispiel", "Klaus Probe & Söhne", "Muster Bau AG", "Optik Max Muster e. K.")), ("Telefon", "", landline)),
        table("Vornamen", 30, ("Vorname", "", first), ("Anzahl", "", lambda: str(draw.randint(3, 90))), ("Geschlecht", "", of(draw, "m", "w"))),
        table("Kunst", 15, ("Titel", "", of(draw, "Große Liegende", "Der Denker")), ("Künstler", "", full), ("Jahr", "", lambda: str(draw.randint(1900, 2020)))),
        table("Denkmäler", 15, ("Denkmal", "", of(draw, "Anna-Muster-Denkmal", "Büste Karl Muster", "Peter-Probe-Brunnen")), ("Beschreibung", "", of(draw, "Dichter, geb. 28.08.1749, gest. 22.03.1832", "Stifterin, geb. 1.2.1931, gest. 3.4.1999"))),
        table("Schulen", 15, ("Schule", "", of(draw, "Anne-Frank-Schule", "Robert Koch Schule", "Gymnasium Max Planck", "Dr.-Muster-Schule")), ("Telefon", "", landline), ("Mail", "", of(draw, "verwaltung@schule.example", "sekretariat@gym.example"))),
        table("Inventar", 60, ("Inventar-Nr", "", lambda: f"{draw.choice('ABC')}{draw.randrange(10**9):09d}"), ("Objekt", "", number)),
        table("Flurstücke", 60, ("Flurstück", "", lambda: str(draw.randint(10**10, 10**11 - 1))), ("Fläche", "", number)),
        table("Koordinaten", 30, ("lon", "", lambda: f"8.{draw.randrange(10**11):011d}"), ("lat", "", lambda: f"49.{draw.randrange(10**9):09d}"), ("UTM", "", lambda: f"3247{draw.randrange(10**7):07d}")),
        table("Akten", 30, ("Aktenzeichen", "", lambda: f"{draw.randint(1, 99)} C {draw.randint(1, 999)}/{draw.randint(10, 24)}"), ("Geschäftszeichen", "", lambda: f"DA-{draw.choice('AB')}{draw.choice('XY')} {draw.randint(1, 999)}")),
        table("Linien", 30, ("Linie", "", lambda: f"F-W {draw.randint(1, 99)}"), ("Haltestelle", "", of(draw, "Luisenplatz", "Willy-Brandt-Platz", "Konrad-Adenauer-Allee"))),
        table("Zeiten", 30, ("Zeitpunkt", "", lambda: date(draw, 2015, 2025, "{y}-{m:02d}-{d:02d}T15:17:00+01:00")), ("Wert", "", number)),
        table("Belege", 40, ("Beleg", "", lambda: f"DE{draw.randrange(10**20):020d}"), ("Betrag", "", number)),
        table("Haushalt", 20, ("Konto", "", lambda: str(draw.randint(10**7, 10**8))), ("Bezeichnung", "", of(draw, "Personalaufwand", "Geschäftsaufwand"))),
        table("Notdienst", 10, ("Stelle", "", of(draw, "Winterdienst Nord", "Kanalbetrieb")), ("Bereitschaft mobil", "", mobile)),
        table("Energie", 30, ("Zähler", "", lambda: f"DE000{draw.randrange(10**28):028d}"), ("kWh", "", number)),
        table("Betreiber", 30, ("Betreiber", "", of(draw, "Stadtwerke", "Anna Muster Stiftung", "Verein Max e. V.", "Stadt Frankfurt"))),
        table("Veranstaltungen", 20, ("Titel", "", of(draw, "Der Herr der Ringe", "Angebote für Mann und Frau", "Frau und Beruf", "Lesung im Haus")), ("Termin", "", lambda: date(draw, 2024, 2026))),
        table("Gremien", 15, ("Mitglied", "", full), ("Fraktion", "", of(draw, "A", "B"))),
        table("Leitung", 15, ("Einrichtung", "", of(draw, "Kita Nord", "Hort Süd")), ("Leitung", "person-name", full)),
        table("Schlüssel", 15, ("Bemerkung", "person-in-text", often(draw, 0.5, lambda: f"Schlüssel bei Herrn {full()}", of(draw, "Schlüssel im Rathaus")))),
        table("Stellen", 15, ("Kontakt", "person-in-text", lambda: f"Herr Dr. {last()}, Zi. {draw.randint(100, 399)}")),
    ]  # fmt: skip
    return made
