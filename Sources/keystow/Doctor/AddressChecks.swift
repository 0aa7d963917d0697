import VaultModel

/// What users and apps reach the server by.
enum AddressChecks {
    static func findings(_ configuration: Configuration, time: any TimeSource = SystemTime()) -> [Finding] {
        [publicURL(configuration), tls(configuration, at: time.now())]
    }

    private static func publicURL(_ configuration: Configuration) -> Finding {
        let check = "public_url"
        guard let url = configuration.publicURL?.description else {
            return .warning(
                check, "links begin with \(configuration.scheme)://\(configuration.listen)",
                "name the https:// address that users see with KEYSTOW_PUBLIC_URL")
        }
        guard url.hasPrefix("https://") else {
            return .warning(
                check, "links begin with \(url)",
                "users paste keys there: name an https:// address with KEYSTOW_PUBLIC_URL")
        }
        return .ok(check, "links begin with \(url)")
    }

    /// Whether traffic is encrypted, and for how long still.
    private static func tls(_ configuration: Configuration, at now: Timestamp) -> Finding {
        let check = "tls"
        guard let files = configuration.tls else {
            return configuration.trustedProxies.isEmpty
                ? .ok(
                    check,
                    "plain HTTP, on loopback alone; to be reached from elsewhere it needs a proxy or KEYSTOW_TLS_CERT")
                : .ok(check, "plain HTTP, to the proxies that KEYSTOW_BEHIND_PROXY names alone")
        }
        var end = now
        do throws(CommandFailure) {
            _ = try files.identity(at: now, ending: { end = $0 }, warn: { _ in })
        } catch {
            return .fault(check, error.message, "the server does not start like this")
        }
        let renewal = "renew it; the new one counts from the server's next start"
        if end <= now { return .fault(check, "the certificate in \(files.certificate) ended at \(end)", renewal) }
        if end < now + 14 * 86_400 {
            return .warning(check, "the certificate in \(files.certificate) ends at \(end)", renewal)
        }
        return .ok(check, "certificate and key belong together; it ends at \(end)")
    }
}
