using System.Globalization;
using Qkms.Core.Tenants;

namespace Qkms.Tests.ApiKeys;

/// <summary>Q-31: docs/rate-limits.md says what operations cost, and what the plans allow.</summary>
public sealed class RateLimitsPageTests
{
    private static readonly string _page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "rate-limits.md"));

    private static readonly KeyAlgorithm[] _rsa = [.. new[] { "RSA-2048", "RSA-3072", "RSA-4096" }.Select(KeyAlgorithm.FromStored)];

    private static readonly KeyAlgorithm[] _ec = [.. new[] { "EC-P256", "EC-P384", "EC-P521" }.Select(KeyAlgorithm.FromStored)];

    [Fact]
    public void Q31_page_has_the_costs()
    {
        KeyAlgorithm mlDsa = KeyAlgorithm.FromStored("ML-DSA-65");
        ShouldHave("ML-DSA: verify", CostOf(mlDsa, KeyOperation.Verify));
        ShouldHave("ML-DSA: sign", CostOf(mlDsa, KeyOperation.Sign));
        ShouldHave("RSA: encrypt, verify", CostOf(_rsa[0], KeyOperation.Encrypt));
        ShouldHave("RSA-2048 / 3072 / 4096: decrypt, sign", [.. _rsa.Select(rsa => CostOf(rsa, KeyOperation.Decrypt))]);
        ShouldHave("a new ML-DSA key", mlDsa.Family.GenerationCostOf(mlDsa));
        ShouldHave("a new RSA-2048 / 3072 / 4096 key", [.. _rsa.Select(rsa => rsa.Family.GenerationCostOf(rsa))]);
        ShouldHave("EC-P256 / P384 / P521: sign", [.. _ec.Select(ec => CostOf(ec, KeyOperation.Sign))]);
        ShouldHave("EC-P256 / P384 / P521: verify", [.. _ec.Select(ec => CostOf(ec, KeyOperation.Verify))]);
        ShouldHave("a new EC-P256 / P384 / P521 key", [.. _ec.Select(ec => ec.Family.GenerationCostOf(ec))]);
        foreach (KeyAlgorithm rsa in _rsa)
        {
            CostOf(rsa, KeyOperation.Sign).Should().Be(CostOf(rsa, KeyOperation.Decrypt));
            CostOf(rsa, KeyOperation.Verify).Should().Be(CostOf(_rsa[0], KeyOperation.Encrypt));
        }

        // The rest is named as one line.
        foreach (KeyAlgorithm other in KeyAlgorithm.All.Where(
            one => one.Family != mlDsa.Family && one.Family != _rsa[0].Family && one.Family != _ec[0].Family))
        {
            other.Family.Operations.Select(operation => CostOf(other, operation)).Should().OnlyContain(cost => cost == 1, other.Name);
            other.Family.GenerationCostOf(other).Should().Be(1, other.Name);
        }
    }

    [Fact]
    public void Q31_page_has_the_plans_and_the_limits_of_addresses()
    {
        foreach ((string name, PlanLimits plan) in new PlanOptions().Plans.Where(plan => plan.Value.CostUnitsPerSecond > 0))
            _page.Should().MatchRegex($@"\| `{name}`.* \| {Number(plan.CostUnitsPerSecond)} \| {Number(plan.Burst)} \|");

        RateLimitOptions options = new();
        _page.Should().Contain($"may use {options.ApiKeyPercent} % of its tenant's units");
        _page.Should().Contain($"may send {options.FailuresPerSecond} requests a second")
            .And.Contain($"and {options.FailureBurst} at once");
    }

    private static int CostOf(KeyAlgorithm algorithm, KeyOperation operation) => algorithm.Family.CostOf(algorithm, operation);

    private static void ShouldHave(string line, params int[] costs) => _page.Should().Contain($"| {line} | {string.Join(" / ", costs)} |");

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
