import HTTPServer
import VaultModel
import VaultService

extension Metrics {
    /// Everything, as it is now.
    func text(_ measured: VaultMeasurements, _ vault: Vault) -> WipedBuffer {
        var text = MetricsText()
        write(requests, to: &text)
        write(measured.keys, of: vault.providerIDs, to: &text)
        write(measured, vault, to: &text)
        write(vault.tallies, of: vault.providerIDs, to: &text)
        writeServer(to: &text)
        return text.finish()
    }

    private func write(_ meter: RequestMeter, to text: inout MetricsText) {
        text.begin(
            "keystow_http_requests_total", .counter,
            "Answers by route template and status; no route: refused before it had one.")
        for row in meter.rows {
            for (status, counter) in zip(RequestMeter.statuses, row.statuses) where counter.value > 0 {
                text.sample(.route(row.label), .status(status), value: counter.value)
            }
        }
        text.begin(
            "keystow_http_request_duration_seconds", .histogram,
            "From the request line to the answer, by route template.")
        for row in meter.rows {
            let buckets = row.buckets.map(\.value)
            guard buckets.contains(where: { $0 > 0 }) else { continue }
            text.histogram(
                .route(row.label), buckets: buckets, bounds: RequestMeter.bounds, sum: row.microseconds.value)
        }
    }

    private func write(_ keys: KeyCensus, of providers: [ProviderID], to text: inout MetricsText) {
        text.begin("keystow_keys", .gauge, "Keys by provider and stored status.")
        for provider in providers.map(Optional.some) + [nil] {
            for status in KeyStatus.allCases {
                guard let count = keys.byKind[KeyCensus.Kind(provider: provider, status: status)] else { continue }
                text.sample(.provider(provider), .status(status), value: count)
            }
        }
        text.begin(
            "keystow_keys_stale", .gauge, "Keys that are stale and not revoked, by reason; one may have several.")
        for reason in StaleReason.allCases {
            text.sample(.reason(reason), value: keys.byStaleReason[reason] ?? 0)
        }
        text.begin(
            "keystow_keys_by_age", .gauge, "Keys that are not revoked, by the days since their secret was stored.")
        let edges = [0] + KeyStatistics.ageEdges + [.max]
        for (index, count) in keys.byAge.enumerated() {
            text.sample(.days(edges[index]..<edges[index + 1]), value: count)
        }
    }

    private func write(_ measured: VaultMeasurements, _ vault: Vault, to text: inout MetricsText) {
        let now = vault.now
        text.single(
            "keystow_scheduler_overdue_keys", .gauge, "Keys that the scheduler should have looked at by now.",
            measured.overdueKeys)
        text.begin("keystow_scheduler_lag_seconds", .gauge, "How long the first of them has been waiting.")
        text.sample(milliseconds: measured.overdueSince.map { now.milliseconds - $0.milliseconds } ?? 0)
        text.single(
            "keystow_revocation_pending_keys", .gauge,
            "Keys that an order to revoke many names and that are not shredded yet; they are refused already.",
            measured.keysToShred)
        text.begin("keystow_revocation_lag_seconds", .gauge, "How old the oldest such order is.")
        text.sample(milliseconds: measured.oldestOrder.map { now.milliseconds - $0.milliseconds } ?? 0)
        text.single(
            "keystow_audit_sequence", .gauge, "The number of the audit log's newest entry.", measured.auditSequence)
        text.single(
            "keystow_audit_signed_sequence", .gauge, "The newest entry under a signed head.", measured.auditSigned)
        text.single(
            "keystow_audit_anchor_writable", .gauge, "0 while signed heads and revocations wait for the anchor.",
            measured.isAnchorWritable ? 1 : 0)
        text.single(
            "keystow_audit_tampered", .gauge, "1 when this process found that the log is not what was signed.",
            measured.isAuditTampered ? 1 : 0)
        text.single("keystow_kek_term", .gauge, "The KEK term that new secrets are sealed under.", measured.term)
        text.begin("keystow_kek_term_timestamp_seconds", .gauge, "When it was begun.")
        text.sample(milliseconds: measured.termSince?.milliseconds ?? 0)
        text.single("keystow_kek_wraps", .gauge, "How many secrets were ever sealed under it.", measured.termWraps)
        text.single(
            "keystow_rekey_remaining_secrets", .gauge, "Secrets that are still under an older term.",
            measured.rekey.remaining)
        text.single(
            "keystow_rekey_failed_secrets", .gauge, "Secrets that the newest rekey could not move or open.",
            measured.rekey.rekey?.failed ?? 0)
        text.single(
            "keystow_rekey_running", .gauge, "1 while a rekey is moving or opening secrets.",
            measured.rekey.rekey.map { $0.state == .finished } ?? true ? 0 : 1)
        text.begin("keystow_provider_suspect", .gauge, "1 while the refusals of a provider are doubted.")
        for provider in vault.providerIDs {
            text.sample(.provider(provider), value: measured.suspectProviders.contains(provider) ? 1 : 0)
        }
        text.begin("keystow_store_readers", .gauge, "Connections that read the database.")
        text.sample(.fixed("state", "lent"), value: measured.readersLent)
        text.sample(.fixed("state", "idle"), value: measured.readersIdle)
        text.single("keystow_store_waiting_writes", .gauge, "Writes that nobody has taken yet.", measured.writesWaiting)
        text.single(
            "keystow_secure_heap_used_bytes", .gauge, "Locked memory that holds keys.", measured.secureHeapBytes)
        text.single("keystow_secure_heap_size_bytes", .gauge, "All locked memory.", measured.secureHeapCapacity)
    }

    private func write(_ tallies: VaultTallies, of providers: [ProviderID], to text: inout MetricsText) {
        text.begin("keystow_verdicts_total", .counter, "Answers to test calls, by provider and verdict.")
        for provider in providers {
            for code in VerdictCode.allCases {
                let count = tallies.verdicts(code, by: provider)
                if count > 0 { text.sample(.provider(provider), .code(code), value: count) }
            }
        }
        text.begin("keystow_scheduler_passes_total", .counter, "Passes of the rotation scheduler.")
        text.sample(.fixed("result", "ok"), value: tallies.passes.value)
        text.sample(.fixed("result", "failed"), value: tallies.failedPasses.value)
        text.begin(
            "keystow_scheduler_last_pass_timestamp_seconds", .gauge,
            "When a pass last got to its end; 0 before the first.")
        text.sample(milliseconds: tallies.lastPass?.milliseconds ?? 0)
        text.single(
            "keystow_reveal_alarms_total", .counter, "Times that one token revealed very many keys in ten minutes.",
            tallies.revealAlarms.value)
    }

    private func writeServer(to text: inout MetricsText) {
        let load = load
        text.single("keystow_http_connections", .gauge, "Open connections.", load.connections)
        text.single("keystow_http_connections_limit", .gauge, "Connections beyond this wait.", load.connectionLimit)
        text.single("keystow_http_bodies_bytes", .gauge, "Bodies that are being read or answered.", load.bodyBytes)
        text.single("keystow_http_bodies_limit_bytes", .gauge, "Bodies beyond this are refused.", load.bodyByteLimit)
        text.begin("keystow_build_info", .gauge, "Which Keystow this is.")
        text.sample(.build(version: version), value: 1)
        let process = ProcessReading.now()
        text.begin("process_start_time_seconds", .gauge, "When the process began.")
        text.sample(milliseconds: startedAt.milliseconds)
        text.begin("process_cpu_seconds_total", .counter, "Processor time used.")
        text.sample(milliseconds: Int64(process.processorMilliseconds))
        text.single("process_resident_memory_bytes", .gauge, "Memory in use.", process.residentBytes)
        text.single("process_open_fds", .gauge, "Open descriptors.", process.openDescriptors)
        text.single("process_max_fds", .gauge, "Descriptors that may be open.", process.descriptorLimit)
    }
}
