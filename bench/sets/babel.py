"""Dates, numbers and phone numbers in many locales.

After https://babel.pocoo.org/en/latest/dates.html
"""

from datetime import datetime

import phonenumbers
from babel import Locale, dates, localedata, numbers
from phonenumbers import carrier, geocoder, timezone

names = localedata.locale_identifiers()
print(len(names))
for name in sorted(names)[::25]:
    when = dates.format_datetime(datetime(2024, 1, 2, 3, 4), locale=name)
    print(
        name,
        when,
        numbers.format_currency(1234.5, "KRW", locale=name),
        Locale.parse(name).display_name,
    )
for text in ("+82212345678", "+442083661177", "+821012345678"):
    number = phonenumbers.parse(text)
    print(geocoder.description_for_number(number, "ko"), carrier.name_for_number(number, "en"),
          timezone.time_zones_for_number(number), phonenumbers.is_valid_number(number))  # fmt: skip
