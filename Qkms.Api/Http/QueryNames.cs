using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc;

namespace Qkms.Api.Http;

/// <summary>The names that a route's query may have. Otherwise a mistyped filter would be ignored and show too much.</summary>
/// <param name="Names">The names.</param>
internal sealed record QueryNames(IReadOnlySet<string> Names)
{
    /// <summary>The names that a request type reads from the query.</summary>
    public static QueryNames Of(Type requestType) => new(requestType.GetProperties()
        .Select(property => property.GetCustomAttribute<FromQueryAttribute>()?.Name)
        .OfType<string>()
        .ToHashSet(StringComparer.OrdinalIgnoreCase));
}

/// <summary>Refuses unknown and repeated query parameters.</summary>
internal static partial class UnknownQueries
{
    /// <summary>Adds the check to every route of a group, before anything else of the request is checked.</summary>
    public static RouteGroupBuilder RefuseUnknownQueries(this RouteGroupBuilder group) => group.AddEndpointFilter((context, next) =>
    {
        Check(context.HttpContext);
        return next(context);
    });

    private static void Check(HttpContext context)
    {
        if (!context.Request.QueryString.HasValue)
            return;

        IReadOnlySet<string>? names = context.GetEndpoint()?.Metadata.GetMetadata<QueryNames>()?.Names;
        string? unknown = context.Request.Query.Keys.FirstOrDefault(name => names?.Contains(name) != true);
        if (unknown is null)
        {
            RefuseRepeated(context.Request.Query);
            return;
        }

        // What does not look like a name is not repeated.
        string field = NameShape().IsMatch(unknown) ? unknown : "(query)";
        throw KmsErrors.Invalid.With(
            $"'{field}' is not a query parameter of this route.", new FieldError(field, "is not a query parameter of this route"));
    }

    // Of several values the binder would pass over those that are empty.
    private static void RefuseRepeated(IQueryCollection query)
    {
        string? repeated = query.Keys.FirstOrDefault(name => query[name].Count > 1);
        if (repeated is not null)
            throw KmsErrors.Invalid.With($"'{repeated}' occurs more than once.", new FieldError(repeated, "must occur once"));
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NameShape();
}
