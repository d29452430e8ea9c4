using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Qkms.Tests.Architecture;

/// <summary>Operators filter and alert by the ids of log events: each id names one event, and its range the project.</summary>
public sealed class EventIdTests
{
    private static readonly (Assembly Assembly, int First, int Last)[] _ranges =
    [
        (typeof(Program).Assembly, Api.Http.EventIds.First, Api.Http.EventIds.Last),
        (typeof(KmsError).Assembly, Core.Telemetry.EventIds.First, Core.Telemetry.EventIds.Last),
        (typeof(Qkms.Storage.EventIds).Assembly, Qkms.Storage.EventIds.First, Qkms.Storage.EventIds.Last),
    ];

    [Fact]
    public void Each_id_names_one_event_of_its_project()
    {
        foreach ((Assembly assembly, int first, int last) in _ranges)
        {
            Event[] events = [.. EventsOf(assembly)];

            events.Should().NotBeEmpty(assembly.FullName);
            events.Where(logged => logged.Id < first || logged.Id > last).Should().BeEmpty($"the ids of {assembly.FullName} are {first} to {last}");
            events.Select(logged => logged.Id).Should().OnlyHaveUniqueItems(assembly.FullName);
        }
    }

    [Fact]
    public void No_range_overlaps_another()
    {
        (Assembly Assembly, int First, int Last)[] sorted = [.. _ranges.OrderBy(range => range.First)];
        sorted.Should().OnlyContain(range => range.First <= range.Last);
        sorted.Zip(sorted.Skip(1)).Should().OnlyContain(pair => pair.First.Last < pair.Second.First);
    }

    // An id that no event uses is left over from one that is gone.
    [Fact]
    public void Each_id_of_a_catalogue_is_used()
    {
        foreach ((Assembly assembly, int first, int last) in _ranges)
        {
            int[] named =
            [
                .. assembly.GetTypes().Single(type => type.Name == "EventIds").GetFields()
                    .Where(field => field.Name is not ("First" or "Last"))
                    .Select(field => (int)field.GetRawConstantValue()!),
            ];
            named.Should().BeEquivalentTo(EventsOf(assembly).Select(logged => logged.Id));
        }
    }

    private static IEnumerable<Event> EventsOf(Assembly assembly) =>
        from type in assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        let attribute = method.GetCustomAttribute<LoggerMessageAttribute>()
        where attribute is not null
        select new Event(attribute.EventId, $"{type.Name}.{method.Name}");

    private sealed record Event(int Id, string Method);
}
