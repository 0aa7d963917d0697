/// A word that a provider's base URL needs besides, such as a region; given with the key.
package struct Parameter: Sendable, Decodable {
    /// What the word must look like. It becomes part of a host's name, so nothing else may pass.
    enum Form: String, Sendable, Decodable {
        /// 2 to 63 lower-case letters, digits and hyphens, no hyphen at either end: an Azure resource's name.
        case dnsLabel = "dns_label"
        /// Two letters, words between hyphens, one digit: `eu-central-1`, `us-gov-west-1`.
        case awsRegion = "aws_region"

        func admits(_ text: String) -> Bool {
            let bytes = Array(text.utf8)
            switch self {
            case .dnsLabel:
                return (2...63).contains(bytes.count) && bytes.first != UInt8(ascii: "-")
                    && bytes.last != UInt8(ascii: "-")
                    && bytes.allSatisfy { Alphabet.lowerAlphanumeric.contains($0) || $0 == UInt8(ascii: "-") }
            case .awsRegion:
                let words = bytes.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
                let isLetter = { (byte: UInt8) in (0x61...0x7A).contains(byte) }
                return bytes.count <= 32 && words.count >= 3 && words[0].count == 2
                    && words.dropLast().allSatisfy { !$0.isEmpty && $0.allSatisfy(isLetter) }
                    && words[words.count - 1].count == 1 && words[words.count - 1].allSatisfy(\.isDigit)
            }
        }
    }

    package let name: String
    let form: Form

    private enum Member: String, CodingKey, CaseIterable { case name, form }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(Member.self)
        name = try members.decode(String.self, forKey: .name)
        form = try members.decode(Form.self, forKey: .form)
    }
}
