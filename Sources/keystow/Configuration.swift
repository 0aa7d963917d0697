import HTTPServer
import VaultModel
import VaultProviders
import VaultService

/// How this Keystow runs: read once, when the program starts, and all faults at once.
struct Configuration: Sendable, Equatable {
    var listen: ListenAddress
    /// Answers admin routes, `/admin` and `/metrics` alone; `nil`: ``listen`` answers everything.
    var adminListen: ListenAddress?
    var dataDirectory: String
    var databaseURL: String?
    var masterKey: MasterKeySource
    var previousMasterKey: MasterKeySource?
    /// What connect links begin with; `nil`: the address that is listened on, which may have a free port.
    var publicURL: BaseURL?
    var hosts: [HostName]
    /// Where further providers' files are; `nil`: the built-in catalogue alone.
    var providersDirectory: String?
    /// Base URLs that stand in for the catalogue's.
    var endpoints: [ProviderID: BaseURL]
    var schedulerInterval: Duration
    /// `nil`: none, and no stop after refusals either.
    var validationLimits: ValidationLimits?
    var rateLimit: RateLimit
    var auditAnchor: String
    /// `nil`: for ever.
    var auditKeep: Duration?
    /// Distinct keys revealed by one token in ten minutes.
    var acceptRollback: Int?
    var revealAlarm: Int
    /// Whom to tell of a weakness, as a URI; `nil`: nobody is named.
    var securityContact: String?
    var tls: TLSFiles?
    /// Peers that are believed when they say for whom they speak.
    var trustedProxies: [AddressRange]
    var log: LogThreshold
    /// Where the service manager waits to be told that the server listens.
    var notification: ServiceNotification
    /// The running server that token commands speak to; `nil`: they work on the data directory.
    var server: BaseURL?
    /// What is odd but no reason to stop.
    var warnings: [String]

    /// Whose connections are taken: behind proxies, and without TLS of its own, theirs alone.
    var peers: PeerPolicy { PeerPolicy(proxies: trustedProxies, isClosed: !trustedProxies.isEmpty && tls == nil) }

    var scheme: String { tls == nil ? "http" : "https" }

    /// The least that a line of the log must be worth.
    enum LogThreshold: String, Sendable, CaseIterable {
        case error, warning, info, debug
    }

    /// Everything that is wrong, and what is odd besides; holds names, never values.
    struct Faults: Error, Equatable {
        let faults: [String]
        let warnings: [String]
    }

    /// Reads flags over environment.
    ///
    /// - Throws: all faults together.
    init(
        environment: ProcessEnvironment, flags: SettingFlags = SettingFlags(),
        unavailable: Set<Setting> = Setting.notInThisVersion
    ) throws(Faults) {
        var reader = ConfigurationReader(environment: environment, flags: flags, unavailable: unavailable)

        let addressForm = "an IP address and a port, such as 127.0.0.1:8420, [::1]:8420 or :0"
        listen =
            reader.value(.listen, mustBe: addressForm) { ListenAddress($0) }
            ?? ListenAddress(address: "127.0.0.1", port: 8420)
        adminListen = reader.value(.adminListen, mustBe: addressForm) { ListenAddress($0) }
        let directory = reader.path(.dataDirectory) ?? "./keystow-data"
        dataDirectory = directory
        databaseURL = reader.value(.databaseURL, mustBe: "a postgres:// URL") {
            $0.hasPrefix("postgres://") || $0.hasPrefix("postgresql://") ? $0 : nil
        }
        masterKey = reader.masterKeySource(.current) ?? .file(MasterKeyFile(path: "\(directory)/master.key"))
        previousMasterKey = reader.masterKeySource(.previous)
        if case .descriptor(let number) = masterKey, previousMasterKey == .descriptor(number) {
            reader.blame("KEYSTOW_MASTER_KEY_FD and KEYSTOW_MASTER_KEY_PREVIOUS_FD must be two descriptors")
        }
        publicURL = reader.value(.publicURL, mustBe: "an https:// URL without query (http:// on loopback only)") {
            BaseURL($0)
        }
        hosts =
            reader.value(.hosts, mustBe: "host names, with or without port, between commas", parse: Self.hosts) ?? []
        providersDirectory = reader.path(.providersDirectory)
        endpoints = reader.endpoints(of: reader.providers(in: providersDirectory))
        schedulerInterval =
            reader.value(.schedulerInterval, mustBe: "a duration such as 60s, 5m or 500ms") { Duration(written: $0) }
            ?? .seconds(60)
        validationLimits =
            reader.value(.validationLimits, mustBe: "four limits such as 5/min,20/day,60/min,2000/day, or off") {
                text -> ValidationLimits?? in
                text == "off" ? .some(nil) : ValidationLimits(text).map { .some($0) }
            } ?? .standard
        rateLimit = reader.value(.rateLimit, mustBe: "a rate such as 1000/s, or off") { RateLimit($0) } ?? .standard
        auditAnchor = reader.path(.auditAnchor) ?? "\(directory)/anchor"
        auditKeep = reader.value(.auditKeep, mustBe: "a duration of 30d or more, such as 400d") {
            Duration(written: $0).flatMap { $0 >= .seconds(30 * 86_400) ? $0 : nil }
        }
        acceptRollback = reader.value(.acceptRollback, mustBe: "the number that the refused start named") {
            WholeNumber.parse($0, in: 0...1_000_000_000)
        }
        revealAlarm =
            reader.value(.revealAlarm, mustBe: "a whole number above zero") {
                WholeNumber.parse($0, in: 1...1_000_000_000)
            } ?? 100
        securityContact = reader.value(.securityContact, mustBe: "a mailto:, https:// or tel: address") { text in
            let isURI = text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && text.utf8.count <= 300
            return isURI && ["mailto:", "https://", "tel:"].contains(where: text.hasPrefix) ? text : nil
        }
        tls = reader.tls()
        trustedProxies =
            reader.value(
                .behindProxy, mustBe: "IP addresses or ranges, none wider than 10.0.0.0/8 (IPv6: a /16), between commas"
            ) {
                text in
                let parts = text.split(separator: ",", omittingEmptySubsequences: false)
                let ranges = parts.compactMap { AddressRange($0.trimmed) }.filter { !$0.isHalfTheWorld }
                return ranges.count == parts.count ? ranges : nil
            } ?? []
        log =
            reader.value(.log, mustBe: "error, warning, info or debug") { LogThreshold(rawValue: $0) } ?? .info
        notification = ServiceNotification(socket: environment.values["NOTIFY_SOCKET"])
        server = reader.value(.url, mustBe: "an https:// URL (http:// on loopback only)") { BaseURL($0) }
        warnings = reader.warnings()

        for (setting, address) in [(Setting.listen, listen), (.adminListen, adminListen)] {
            guard let address, !address.isLoopback, tls == nil, !reader.isGiven(.behindProxy) else { continue }
            let remedies = [("KEYSTOW_TLS_CERT", Setting.tlsCertificate), ("KEYSTOW_BEHIND_PROXY", .behindProxy)]
                .filter { !unavailable.contains($0.1) }.map(\.0).joined(separator: " or ")
            let remedy = remedies.isEmpty ? "a proxy on this machine can bring TLS" : "set \(remedies)"
            reader.blame("\(reader.name(of: setting)) must be on loopback: plain HTTP goes no further; \(remedy)")
        }
        guard reader.faults.isEmpty else { throw Faults(faults: reader.faults, warnings: warnings) }
    }

    private static func hosts(_ text: String) -> [HostName]? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let hosts = parts.compactMap { HostName($0.trimmed) }
        return hosts.count == parts.count ? hosts : nil
    }
}

extension ConfigurationReader {
    /// The providers that an endpoint may be given for; `nil` when their files are at fault.
    mutating func providers(in directory: String?) -> Set<ProviderID>? {
        do {
            return Set(try ProviderFiles.catalogue(adding: directory).providers.map(\.id))
        } catch {
            blame("\(name(of: .providersDirectory)): \(error.file): \(error.reason)")
            return nil
        }
    }

    /// `KEYSTOW_ENDPOINT_<PROVIDER>` and, over it, `--endpoint PROVIDER=URL`.
    mutating func endpoints(of known: Set<ProviderID>?) -> [ProviderID: BaseURL] {
        let prefix = Setting.endpointPrefix
        let variables = environment.values.filter { $0.key.hasPrefix(prefix) && !$0.value.isEmpty }
            .map { (name: $0.key, provider: $0.key.dropFirst(prefix.count).lowercased(), url: $0.value) }
            .sorted { $0.name < $1.name }
        let flagged = flags.endpoints.map { (name: Setting.endpointFlag, provider: $0.provider, url: $0.url) }
        var endpoints: [ProviderID: BaseURL] = [:]
        for (name, provider, url) in variables + flagged {
            guard let id = ProviderID(provider), known?.contains(id) ?? true else {
                let nearest = known.flatMap { Nearest.name(to: provider, among: $0.map(\.description).sorted()) }
                blame("\(name) names no provider" + (nearest.map { "; did you mean \($0)?" } ?? ""))
                continue
            }
            guard let base = BaseURL(url) else {
                blame("\(name) must be an https:// URL without query (http:// on loopback only)")
                continue
            }
            endpoints[id] = base
        }
        return endpoints
    }

    mutating func tls() -> TLSFiles? {
        let certificate = path(.tlsCertificate)
        let key = path(.tlsKey)
        if let certificate, let key { return TLSFiles(certificate: certificate, key: key) }
        if isGiven(.tlsCertificate) != isGiven(.tlsKey) {
            blame("KEYSTOW_TLS_CERT and KEYSTOW_TLS_KEY belong together")
        }
        return nil
    }

    /// Names that nobody reads, and a key in a place where others may see it.
    func warnings() -> [String] {
        let known = Setting.allCases.map(\.rawValue)
        var warnings = environment.values.keys.sorted().compactMap { name -> String? in
            guard name.hasPrefix("KEYSTOW_"), !known.contains(name), !name.hasPrefix(Setting.endpointPrefix) else {
                return nil
            }
            let nearest = Nearest.name(to: name, among: known)
            return "\(name) is not a setting" + (nearest.map { "; did you mean \($0)?" } ?? "")
        }
        for setting in [Setting.masterKey, .masterKeyPrevious] where environment.masterKeys[setting] != nil {
            warnings.append("\(setting.rawValue): an environment can be read by others; a file is better")
        }
        return warnings + remarks
    }
}

extension Substring {
    /// Without the spaces around it.
    fileprivate var trimmed: String {
        var text = self.drop { $0 == " " }
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
