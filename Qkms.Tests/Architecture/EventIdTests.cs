using System.Reflection;
using Microsoft.Extensions.Logging;
using Qkms.Api.Logging;
using Qkms.Core.Telemetry;
using Qkms.Storage.Telemetry;

namespace Qkms.Tests.Architecture;

/// <summary>Operators filter and alert by the ids of log events: each id names one event, and its range the project.</summary>
public sealed class EventIdTests
{
    private static readonly Type[] _catalogues = [typeof(ApiEvents), typeof(CoreEvents), typeof(StorageEvents)];

    [Fact]
    public void Each_id_names_one_event_and_is_in_the_range_of_its_project()
    {
        foreach (Type catalogue in _catalogues)
        {
            (int first, int last) = RangeOf(catalogue);
            Event[] events = [.. EventsOf(catalogue.Assembly)];

            events.Should().NotBeEmpty(catalogue.Name);
            events.Where(logged => logged.Id < first || logged.Id > last)
                .Should().BeEmpty("{0} has {1} to {2}", catalogue.Name, first, last);
            events.GroupBy(logged => logged.Id).Where(logged => logged.Count() > 1).SelectMany(logged => logged)
                .Should().BeEmpty("they share an id");
        }
    }

    [Fact]
    public void No_range_overlaps_another()
    {
        (int First, int Last)[] ranges = [.. _catalogues.Select(RangeOf).OrderBy(range => range.First)];

        ranges.Should().OnlyContain(range => range.First <= range.Last);
        ranges.Zip(ranges.Skip(1)).Should().OnlyContain(pair => pair.First.Last < pair.Second.First);
    }

    // An id that no event uses is left over from one that is gone.
    [Fact]
    public void Each_id_of_a_catalogue_is_used()
    {
        foreach (Type catalogue in _catalogues)
        {
            IEnumerable<int> named = catalogue.GetFields().Where(field => field.Name is not ("First" or "Last")).Select(ValueOf);

            named.Should().BeEquivalentTo(EventsOf(catalogue.Assembly).Select(logged => logged.Id), catalogue.Name);
        }
    }

    private static (int First, int Last) RangeOf(Type catalogue) =>
        (ValueOf(catalogue.GetField("First")!), ValueOf(catalogue.GetField("Last")!));

    private static int ValueOf(FieldInfo constant) => (int)constant.GetRawConstantValue()!;

    private static IEnumerable<Event> EventsOf(Assembly assembly) => Generated(assembly).Concat(WrittenByHand(assembly));

    private static IEnumerable<Event> WrittenByHand(Assembly assembly) =>
        from type in assembly.GetTypes()
        where !type.ContainsGenericParameters
        from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        where field.FieldType == typeof(EventId)
        select new Event(((EventId)field.GetValue(null)!).Id, $"{type.Name}.{field.Name}");

    private static IEnumerable<Event> Generated(Assembly assembly) =>
        from type in assembly.GetTypes()
        from method in type.GetMethods(
            BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        let attribute = method.GetCustomAttribute<LoggerMessageAttribute>()
        where attribute is not null
        select new Event(attribute.EventId, $"{type.Name}.{method.Name}");

    private sealed record Event(int Id, string Method);
}
