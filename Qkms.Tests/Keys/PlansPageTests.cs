using System.Globalization;
using System.Reflection;
using Qkms.Core.Tenants;

namespace Qkms.Tests.Keys;

/// <summary>Q-30, Q-48: docs/plans.md says what each plan allows.</summary>
public sealed class PlansPageTests
{
    [Fact]
    public void Q30_page_has_every_limit_of_every_plan()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "plans.md"));
        PlanLimits[] plans = [.. new PlanOptions().Plans.Values];

        foreach (PropertyInfo limit in typeof(PlanLimits).GetProperties().Where(property => property.PropertyType == typeof(int)))
        {
            IEnumerable<string> cells = plans.Select(plan => Cell(plan, (int)limit.GetValue(plan)!));
            page.Should().Contain($"| {string.Join(" | ", cells)} | `{limit.Name}` |");
        }
    }

    // What can be spent at once matters only where something can run out.
    private static string Cell(PlanLimits plan, int limit) =>
        limit == 0 || plan.CostUnitsPerSecond == 0 ? "no limit" : limit.ToString("N0", CultureInfo.InvariantCulture);
}
