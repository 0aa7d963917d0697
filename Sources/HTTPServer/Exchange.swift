import CMicroHTTPD
import Synchronization
import VaultModel

#if canImport(Glibc)
import Glibc
#endif

/// One request and its answer.
///
/// libmicrohttpd calls for the head, for each piece of the body, when the body is complete, and once more
/// after a wait, always on the one thread of the connection. The answer may come from any thread; whoever
/// comes second, the answer or the thread that goes to sleep, sees the other under the lock.
final class Exchange: Sendable {
    let receivedAt = ContinuousClock.now
    /// What one connection more or less does not matter for, in bytes.
    private static let smallAnswer = 4_096

    private let target: String?
    private let connection: Connection
    private let traffic: Traffic
    private let progress: Mutex<Progress>

    /// Where it stands.
    private enum Phase {
        case head
        case body
        /// The answer is being made and the connection is not suspended.
        case answering
        /// The answer is being made and the connection is suspended until it is there.
        case waiting
        case answered
        /// The answer is libmicrohttpd's.
        case over
    }

    private struct Progress: ~Copyable {
        var phase = Phase.head
        var head: RequestHead?
        var answering: Traffic.Answering?
        var refusing: Traffic.Refusing?
        var body: WipedBuffer?
        var reserved = 0
        /// Whether there was no room for the body, whose rest is passed over.
        var isTooMuch = false
        /// Bytes of an answer that libmicrohttpd holds.
        var held = 0
        /// Whether it came by TLS, as far as is known.
        var isSecure = false
        var answer: Response?
        /// Whether what the request is answered with has been noted.
        var isNoted = false
        var task: Task<Void, Never>?
        var suspended: ConnectionHandle?
    }

    /// - Parameter target: the request target as sent, or `nil` when there is none to be read.
    init(target: String?, connection: Connection, traffic: Traffic) {
        self.target = target
        self.connection = connection
        self.traffic = traffic
        progress = Mutex(Progress())
        connection.began(at: receivedAt)
    }

    deinit {
        // No one else is left, so the body is gone.
        giveBack()
    }

    // MARK: On the connection's thread

    /// Whether the head has not been taken yet.
    var isNew: Bool { progress.withLock { $0.phase == .head } }

    /// Takes the head. `fields` throws what was wrong with them.
    func begin(
        on handle: ConnectionHandle, method: String, version: String,
        fields: (Int) throws(TransportFault) -> HeaderFields
    ) -> MHD_Result {
        connection.accepted(self)
        let head: RequestHead
        do throws(TransportFault) {
            guard let target else { throw .badRequest("The request target cannot be read.") }
            let line = method.utf8.count + target.utf8.count + version.utf8.count + 4
            let fields = try fields(line)
            let isSecure = traffic.isSecure || traffic.peers.isSecure(connection.peer, fields.lines)
            progress.withLock { $0.isSecure = isSecure }
            head = try HeadRules(limits: traffic.limits).check(
                method: method,
                target: target,
                version: version,
                fields: fields,
                remoteAddress: "\(traffic.peers.source(of: connection.peer, fields.lines))",
                receivedAt: receivedAt
            )
        } catch {
            return refuse(on: handle, for: error)
        }
        guard head.declaredLength <= traffic.limits.bodyBytes else {
            progress.withLock { $0.head = head }
            return refuse(on: handle, for: .bodyTooLarge)
        }
        switch traffic.admit(head) {
        case .answer(let answering, let refusing):
            progress.withLock {
                $0.phase = .body
                $0.head = head
                $0.answering = answering
                $0.refusing = refusing
            }
            connection.reading()
            return .YES
        case .refuse(let response):
            // Answering now closes the connection; without a body the next call is the better moment.
            guard head.declaredLength == 0 else { return queue(response, on: handle, closing: true) }
            var answer: Response? = response
            progress.withLock {
                $0.phase = .answered
                $0.answer = answer.take()
            }
            return .YES
        }
    }

    /// Takes a piece of the body and overwrites the bytes it came in.
    ///
    /// What is there counts against the budget, not what is declared: a promise costs nothing.
    func take(_ piece: UnsafeMutableRawBufferPointer) -> Bool {
        defer { unsafe piece.wipe() }
        guard progress.withLock({ $0.phase == .body }) else { return false }
        let isRoom = traffic.reserve(piece.count)
        let (isTaken, size, unused) = progress.withLock {
            var unused = isRoom ? piece.count : 0
            guard let length = $0.head?.declaredLength else { return (false, 0, unused) }
            if $0.isTooMuch || !isRoom {
                $0.isTooMuch = true
                $0.body = nil
                unused += $0.reserved
                $0.reserved = 0
                return (true, 0, unused)
            }
            var body = $0.body.take() ?? WipedBuffer(capacity: min(length, 4_096))
            guard body.count + piece.count <= length else { return (false, 0, unused) }
            unsafe body.append(UnsafeRawBufferPointer(piece))
            $0.reserved += piece.count
            let size = body.count
            $0.body = consume body
            return (true, size, 0)
        }
        traffic.release(unused)
        connection.hasRead(size)
        return isTaken
    }

    /// Everything is read: makes the answer, or sends the one that has been made.
    func proceed(on handle: ConnectionHandle) -> MHD_Result {
        switch progress.withLock({ $0.phase }) {
        case .body:
            progress.withLock({ $0.isTooMuch }) ? refuse(on: handle, for: .bodiesInFlight) : start(on: handle)
        case .answered: send(on: handle)
        case .head, .answering, .waiting, .over: .NO
        }
    }

    private func start(on handle: ConnectionHandle) -> MHD_Result {
        if traffic.isStopped { return .NO }
        progress.withLock { $0.phase = .answering }
        connection.making()
        // On this thread until it first waits: an answer that never does is sent in place. Whatever answered, the
        // task is cancelled, because one that was given up has not been until its handle is here.
        let task = Task.immediateDetached { await self.answer() }
        if progress.withLock({ $0.phase == .answered }) {
            task.cancel()
            return send(on: handle)
        }
        handle.suspend()
        let isOvertaken = progress.withLock {
            guard $0.phase == .answering else { return true }
            $0.phase = .waiting
            $0.suspended = handle
            $0.task = task
            return false
        }
        if isOvertaken {
            task.cancel()
            handle.resume()
        } else if traffic.isStopped {
            giveUp()
        }
        return .YES
    }

    private func send(on handle: ConnectionHandle) -> MHD_Result {
        guard let answer = progress.withLock({ $0.answer.take() }) else { return .NO }
        return queue(answer, on: handle, closing: false)
    }

    private func refuse(on handle: ConnectionHandle, for fault: TransportFault) -> MHD_Result {
        queue(refusal(of: fault), on: handle, closing: true)
    }

    private func queue(_ answer: consuming Response, on handle: ConnectionHandle, closing: Bool) -> MHD_Result {
        var answer = answer
        let isLarge = answer.body.count > Self.smallAnswer
        if isLarge, !traffic.holdAnswer(answer.body.count) {
            answer = refusal(of: .answersInFlight)
            // What else has been asked for on this connection would be made for nothing too.
            answer.closesConnection = true
        }
        let closes = closing || answer.closesConnection || traffic.isDraining
        let size = answer.body.count
        let held = size > Self.smallAnswer ? size : 0
        let (isSecure, isFirst) = progress.withLock {
            let isFirst = !$0.isNoted
            $0.isNoted = true
            $0.phase = .over
            $0.held = held
            return ($0.isSecure, isFirst)
        }
        if isFirst { answer.note?() }
        connection.answering(holding: held, following: answer.file?.length ?? 0)
        return answer.queue(on: handle, closing: closes, isSecure: isSecure)
    }

    /// libmicrohttpd is done with this request.
    func finish() {
        let unsent = progress.withLock {
            if $0.phase == .answered { $0.isNoted = true }
            $0.phase = .over
            return $0.answer.take()
        }
        if let unsent { unsent.note?() }
        connection.finished()
    }

    // MARK: On any thread

    /// Ends an answer that is still being made: its task is cancelled and a refusal sent in its place.
    /// What the task answers then no longer counts.
    ///
    /// - Returns: `false` when none is being made.
    @discardableResult
    func giveUp() -> Bool {
        let (isPending, task) = progress.withLock { ($0.phase == .waiting || $0.phase == .answering, $0.task) }
        guard isPending else { return false }
        var refusal = refusal(of: .answerTooLate)
        refusal.closesConnection = true
        let isGivenUp = deliver(refusal)
        task?.cancel()
        return isGivenUp
    }

    /// Gives the memory that it takes back to the budgets, when it is about to be freed.
    func giveBack() {
        let (reserved, held) = progress.withLock { progress in
            defer { (progress.reserved, progress.held) = (0, 0) }
            return (progress.reserved, progress.held)
        }
        traffic.release(reserved)
        traffic.releaseAnswer(held)
    }

    private func answer() async {
        guard let answering = progress.withLock({ $0.answering.take() }) else { return }
        deliver(await answering(progress.withLock { $0.body.take() } ?? WipedBuffer(capacity: 0)))
    }

    private func refusal(of fault: TransportFault) -> Response {
        let (head, refusing) = progress.withLock { ($0.head, $0.refusing) }
        if let refusing { return refusing(fault) }
        return traffic.refusal(fault, head)
    }

    /// The first answer counts.
    @discardableResult
    private func deliver(_ answer: consuming Response) -> Bool {
        var answer: Response? = answer
        let (isDelivered, isToBeNoted) = progress.withLock {
            guard $0.phase == .answering || $0.phase == .waiting else {
                // The caller went before there was an answer; that there is one now is noted all the same.
                let isToBeNoted = $0.phase == .over && !$0.isNoted
                if isToBeNoted { $0.isNoted = true }
                return (false, isToBeNoted)
            }
            connection.answering()
            $0.phase = .answered
            $0.answer = answer.take()
            $0.task = nil
            // Under the lock: whoever stops libmicrohttpd sees "waiting" here or a connection that is resumed.
            $0.suspended.take()?.resume()
            return (true, false)
        }
        if isToBeNoted, let late = answer.take() { late.note?() }
        return isDelivered
    }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate func wipe() {
        guard let base = baseAddress else { return }
        unsafe explicit_bzero(base, count)
    }
}
