/// What users and apps reach the server by.
enum AddressChecks {
    static func findings(_ configuration: Configuration) -> [Finding] { [publicURL(configuration)] }

    private static func publicURL(_ configuration: Configuration) -> Finding {
        let check = "public_url"
        guard let url = configuration.publicURL?.description else {
            return .warning(
                check, "links begin with http://\(configuration.listen), which leads to this machine alone",
                "name the https:// address that users see with KEYSTOW_PUBLIC_URL")
        }
        guard url.hasPrefix("https://") else {
            return .warning(
                check, "links begin with \(url)",
                "users paste keys there: name an https:// address with KEYSTOW_PUBLIC_URL")
        }
        return .ok(check, "links begin with \(url)")
    }
}
