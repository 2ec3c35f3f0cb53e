import CisternBytes
import Glibc

/// Names that a service of the tests can look up, under `.test`, without any name server, and that can change while it
/// runs. Its C library asks a file of the test's for them.
package final class TestNames: Sendable {
    private let folder: String

    /// What a service needs in its environment.
    package var environment: [String: String] {
        ["LD_PRELOAD": "\(folder)/names.so", "TEST_NAMES": "\(folder)/names"]
    }

    /// - Parameter names: The address in digits of each name.
    package init(_ names: [String: String]) throws {
        folder = try makeTemporaryFolder()
        try writeFile("\(folder)/names.c", Bytes(Self.source))
        // Every Swift toolchain brings clang with it.
        let compiler = try ChildProcess(
            "clang", ["-shared", "-fPIC", "-o", "\(folder)/names.so", "\(folder)/names.c", "-ldl"],
            installation: "apt-get install clang")
        guard try compiler.wait(within: .seconds(60)) == .code(0) else {
            throw TestFailure("names.c does not compile:\n\(compiler.errorOutput)")
        }
        try set(names)
    }

    /// From now on exactly these names have an address.
    package func set(_ names: [String: String]) throws {
        let text = names.map { "\($0.key) \($0.value)\n" }.joined()
        try writeFile("\(folder)/names.new", Bytes(text))
        guard rename("\(folder)/names.new", "\(folder)/names") == 0 else {
            throw TestFailure(call: "rename", error: errno)
        }
    }

    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <netdb.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>

        typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

        int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
            lookup *real = (lookup *)dlsym(RTLD_NEXT, "getaddrinfo");
            size_t length = node ? strlen(node) : 0;
            if (length < 5 || strcmp(node + length - 5, ".test") != 0) return real(node, service, hints, result);
            const char *path = getenv("TEST_NAMES");
            FILE *names = path ? fopen(path, "re") : NULL;
            char name[256], address[64];
            int isFound = 0;
            while (names && !isFound && fscanf(names, "%255s %63s", name, address) == 2)
                isFound = strcmp(name, node) == 0;
            if (names) fclose(names);
            return isFound ? real(address, service, hints, result) : EAI_NONAME;
        }

        """
}
