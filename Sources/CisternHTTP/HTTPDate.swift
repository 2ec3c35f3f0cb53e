/// IMF-fixdate, the one format of dates that is sent (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
    package static let count = 29
    /// The format has four digits for the year.
    private static let last = 253_402_300_799

    /// - Parameter second: seconds since 1970-01-01 00:00:00 UTC; outside the years 1970…9999 the nearest of them.
    package static func format(_ second: Int) -> InlineArray<29, UInt8> {
        let second = min(max(second, 0), last)
        let day = second / 86400
        let time = second % 86400
        let date = civil(day)
        var text = InlineArray<29, UInt8>(repeating: 0x20)
        // 1970-01-01 was a Thursday.
        put("ThuFriSatSunMonTueWed", name: day % 7, in: &text, at: 0)
        text[3] = 0x2C
        put(date.day, in: &text, at: 5)
        put("JanFebMarAprMayJunJulAugSepOctNovDec", name: date.month - 1, in: &text, at: 8)
        put(date.year / 100, in: &text, at: 12)
        put(date.year % 100, in: &text, at: 14)
        put(time / 3600, in: &text, at: 17)
        text[19] = 0x3A
        put(time / 60 % 60, in: &text, at: 20)
        text[22] = 0x3A
        put(time % 60, in: &text, at: 23)
        put("GMT", name: 0, in: &text, at: 26)
        return text
    }

    /// The day's date in the Gregorian calendar. Years begin in March here, so that the leap day is the last of its year.
    private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func put(_ number: Int, in text: inout InlineArray<29, UInt8>, at index: Int) {
        text[index] = UInt8(truncatingIfNeeded: 0x30 + number / 10)
        text[index + 1] = UInt8(truncatingIfNeeded: 0x30 + number % 10)
    }

    private static func put(
        _ names: StaticString, name: Int, in text: inout InlineArray<29, UInt8>, at index: Int
    ) {
        for offset in 0..<3 { text[index + offset] = names.utf8Start[name * 3 + offset] }
    }
}
