package import VaultModel

/// What the composition root decides for a vault; read once.
package struct VaultConfiguration: Sendable {
    /// Operator's overrides of providers' base URLs, without a trailing slash.
    package var endpoints: [ProviderID: String]
    /// How often the scheduler looks, when nothing wakes it.
    package var schedulerInterval: Duration
    /// Limits on test calls; `nil` lifts them.
    package var validationLimits: ValidationLimits?
    /// The file with the first tokens, deleted when an admin token is first used.
    package var firstTokensFile: String?
    /// How many distinct keys one token may reveal in ten minutes before the audit log says so.
    package var revealAlarm = 100
    /// How long a write waits to be taken before nothing happens and the answer is `audit_unavailable`.
    package var writePatience = Duration.seconds(2)
    /// Told of what whoever runs the vault should hear of; from any thread, also the writer's: it must not wait.
    package var observe: (@Sendable (VaultNotice) -> Void)?
    /// How long audit entries stay in the database, in seconds; `nil` for ever.
    package var auditKeepSeconds: Int?
    /// How long a KEK term is used for new secrets.
    package var termLimits = TermLimits()
    /// The anchor's newest note up to which the operator gives up what it says against the audit log.
    package var acceptedNote: Int?

    package init(
        endpoints: [ProviderID: String] = [:], schedulerInterval: Duration = .seconds(60),
        validationLimits: ValidationLimits? = .standard, firstTokensFile: String? = nil
    ) {
        self.endpoints = endpoints
        self.schedulerInterval = schedulerInterval
        self.validationLimits = validationLimits
        self.firstTokensFile = firstTokensFile
    }
}

/// How many test calls a user and a project may cause.
package struct ValidationLimits: Sendable, Equatable {
    package var userPerMinute: Int
    package var userKeysPerDay: Int
    package var projectPerMinute: Int
    package var projectKeysPerDay: Int
    package var instancePerMinute = 600
    /// Distinct refused keys in a day after which a user's checks stop.
    package var userRefusals = 5
    /// Distinct refused keys in a day after which a project's first checks stop.
    package var projectRefusals = 50

    package init(userPerMinute: Int, userKeysPerDay: Int, projectPerMinute: Int, projectKeysPerDay: Int) {
        self.userPerMinute = userPerMinute
        self.userKeysPerDay = userKeysPerDay
        self.projectPerMinute = projectPerMinute
        self.projectKeysPerDay = projectKeysPerDay
    }

    package static let standard = ValidationLimits(
        userPerMinute: 5, userKeysPerDay: 20, projectPerMinute: 60, projectKeysPerDay: 2000)
}
