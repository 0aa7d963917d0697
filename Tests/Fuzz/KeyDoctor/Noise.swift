/// What keys are copied with; around any key, singly or nested, it must fall off.
struct Noise {
    let before: [UInt8]
    let after: [UInt8]

    private init(_ before: String, _ after: String) {
        self.before = Array(before.utf8)
        self.after = Array(after.utf8)
    }

    static let all = [
        Noise(" ", "\n"), Noise("\t", "\r\n"), Noise("\u{A0}", "\u{3000}"), Noise("\u{200B}", "\u{FEFF}"),
        Noise("\"", "\""), Noise("'", "'"), Noise("`", "`"), Noise("“", "”"), Noise("‘", "’"), Noise("«", "»"),
        Noise("'", "';"), Noise("\"", "\","), Noise("KEY=", ""), Noise("export K='", "'"), Noise("$env:K = \"", "\""),
        Noise("key: ", ""), Noise("Bearer ", ""), Noise("token ", ""), Noise("Authorization: Bearer ", ""),
        Noise("x-api-key: ", ""), Noise("```\n", "\n```"), Noise("```sh\n", "\n```\n"), Noise("<", ">"),
        Noise("(", ")"), Noise("", " # mine"), Noise("", " // old"), Noise("", ";"), Noise("", ","), Noise("", "."),
        Noise("{\"key\": \"", "\"}"), Noise("key = \"", "\"\n"), Noise("A=1\nKEY=", "\nB=2\n"),
        Noise("curl -H 'x-api-key: ", "' https://api.test/v1"), Noise("Use ", " today."),
    ]
}
