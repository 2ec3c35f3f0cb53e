/// How many times slower than usual this run may be: sanitized programs take their time.
package let slowness = ["ASAN_OPTIONS", "TSAN_OPTIONS"].contains { environmentVariable($0) != nil } ? 10 : 1
