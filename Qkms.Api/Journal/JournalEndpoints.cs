namespace Qkms.Api.Journal;

/// <summary>The journal, for auditors.</summary>
internal static class JournalEndpoints
{
    public static IEndpointRouteBuilder MapJournal(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder audit = app.MapGroup("/audit").WithTag("Audit", "Read the journal: who changed which key, when.");
        audit.MapListEvents();
        return app;
    }
}
